// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { agentCommand } from './commands/agent.js';
import { benchCommand } from './commands/bench.js';
import { checkCommand } from './commands/check.js';
import { childCommand } from './commands/child.js';
import { coordinatorCommand } from './commands/coordinator.js';
import { demoCommand } from './commands/demo.js';
import { forkCommand } from './commands/fork.js';
import { invokeCommand } from './commands/invoke.js';
import { nodeCommand } from './commands/node.js';
import { prepareCommand } from './commands/prepare.js';
import { runCommand } from './commands/run.js';
import { seedCommand } from './commands/seed.js';
import { upCommand } from './commands/up.js';

const EPILOGUE = `
The cluster's address: --endpoint, else FARFORK_ENDPOINT, else the configuration file, else 127.0.0.1:7070.
Exit codes: 0 done; 1 failed; 2 usage; 3 some children failed; 4 incompatible (kernel, CPU, file); 124 deadline.`;

export function makeProgram(): Command {
  const program = new Command('farfork')
    .description('Fork a warm process onto any machine, faster than fork() on its own.')
    .version(packageVersion())
    .helpCommand(true)
    .addHelpText('after', EPILOGUE);
  const commands = [
    demoCommand(),
    upCommand(),
    coordinatorCommand(),
    agentCommand(),
    runCommand(),
    prepareCommand(),
    forkCommand(),
    invokeCommand(),
    seedCommand(),
    childCommand(),
    nodeCommand(),
    checkCommand(),
    benchCommand(),
  ];
  for (const command of commands) program.addCommand(command);
  throwOnExit(program);
  return program;
}

/** Usage errors reach main.ts, which knows the exit codes. */
function throwOnExit(command: Command): void {
  command.exitOverride().configureHelp({ helpWidth: 120 }).showSuggestionAfterError(true);
  command.showHelpAfterError(`(see: farfork ${command.name() === 'farfork' ? '' : `${command.name()} `}--help)`);
  for (const child of command.commands) throwOnExit(child);
}

export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
