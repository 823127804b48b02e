// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../cli/main.js', import.meta.url));

export interface AgentSpec {
  name: string;
  /** unix:/PATH of the coordinator: a path crosses network namespaces. */
  coordinator: string;
  stateDir: string;
  networkNamespace: string;
  fabricHost: string;
  readyCells: number;
  privateNetwork: boolean;
}

/** An agent in its node's network namespace. It dies with this process; so do its daemons, whose owner this process is. */
export class AgentProcess {
  private constructor(
    readonly spec: AgentSpec,
    private readonly child: ChildProcess,
    readonly logPath: string,
    private readonly ended: Promise<void>,
  ) {}

  static start(spec: AgentSpec): AgentProcess {
    mkdirSync(spec.stateDir, { recursive: true, mode: 0o700 });
    const logPath = join(spec.stateDir, 'agent.log');
    const log = openSync(logPath, 'a');
    const agent = [process.execPath, MAIN, 'agent', '--name', spec.name, '--coordinator', spec.coordinator];
    agent.push('--state-dir', spec.stateDir, '--fabric-host', spec.fabricHost, '--ready-cells', `${spec.readyCells}`);
    agent.push('--owner-pid', `${process.pid}`);
    if (spec.privateNetwork) agent.push('--private-network');
    const enter = [`--net=${spec.networkNamespace}`, '--', 'setpriv', '--pdeathsig', 'KILL', '--', ...agent];
    const child = spawn('nsenter', enter, {
      stdio: ['ignore', log, log],
      // Ctrl-C at the terminal is for this process, which then ends the agents in order.
      detached: true,
    });
    closeSync(log);
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    return new AgentProcess(spec, child, logPath, ended);
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get running(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The end of its log, for a message. */
  lastWords(lines = 8): string {
    try {
      return readFileSync(this.logPath, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
    } catch {
      return '';
    }
  }

  /** Sends `signal`, and SIGKILL after `graceMs`; resolves when it is gone. */
  async stop(signal: NodeJS.Signals, graceMs: number): Promise<void> {
    if (!this.running) return;
    this.child.kill(signal);
    const timer = setTimeout(() => this.child.kill('SIGKILL'), graceMs);
    await this.ended;
    clearTimeout(timer);
  }
}
