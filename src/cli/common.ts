// SPDX-License-Identifier: Apache-2.0
import { Command, Option } from 'commander';
import { parseDuration } from './duration.js';
import { Output } from './output.js';
import { resolveEndpoint } from './settings.js';

export interface CommonOptions {
  endpoint?: string;
  config?: string;
  json?: boolean;
  timeout?: string;
}

/** What every command works with. `endpoint` is read on first use: many commands need none. */
export interface Context {
  readonly output: Output;
  readonly endpoint: string;
  /** Deadline of the command's calls; undefined: the command's own default. */
  readonly timeoutMs: number | undefined;
}

export function contextOf(options: CommonOptions): Context {
  return {
    output: new Output(options.json ?? false),
    timeoutMs: options.timeout === undefined ? undefined : parseDuration(options.timeout),
    get endpoint() {
      return resolveEndpoint(options.endpoint, options.config);
    },
  };
}

/** A command with the options that all have, and examples below its help. */
export function makeCommand(name: string, summary: string, examples: string[] = []): Command {
  const command = new Command(name)
    .description(summary)
    .addOption(new Option('--json', 'data as JSON on stdout, one object a line; progress and logs on stderr'))
    .addOption(new Option('--timeout <duration>', 'give up after this long (500ms, 30s, 10m); exit code 124'));
  if (examples.length > 0)
    command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`);
  return command;
}

/** One that talks to a cluster. */
export function makeClientCommand(name: string, summary: string, examples: string[] = []): Command {
  return makeCommand(name, summary, examples)
    .option('--endpoint <address>', 'the coordinator, HOST:PORT or unix:/PATH (else FARFORK_ENDPOINT, then the file)')
    .option('--config <file>', 'the configuration file (else FARFORK_CONFIG, ~/.config/farfork.json)');
}

/** For repeatable options. */
export function collect(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}
