// SPDX-License-Identifier: Apache-2.0
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { FarforkError } from '../../errors/index.js';
import { programPath } from './programs.js';

const ANSWER_TIMEOUT_MS = 60_000;

/** A process of the same program, memory and threads as the benchmark's parent, without farfork: it forks on command. */
export class LocalParent {
  private constructor(
    private readonly child: ChildProcessByStdio<Writable, Readable, null>,
    private readonly lines: AsyncIterator<string>,
    /** From spawn until it was warm: what a cold start costs. */
    readonly warmMs: number,
  ) {}

  static async start(megabytes: number, threads: number): Promise<LocalParent> {
    const began = performance.now();
    const argv = [programPath('warm_parent.py'), `${megabytes}`, `${threads}`, 'local'];
    const child = spawn('python3', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    await Promise.race([once(child, 'spawn'), once(child, 'error').then(([error]) => Promise.reject(error as Error))]);
    child.stdin.on('error', () => undefined);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    await new LocalParent(child, lines, 0).nextLine();
    return new LocalParent(child, lines, performance.now() - began);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** os.fork() until it returned in the parent, in ms. */
  async forkMs(): Promise<number> {
    return (await this.command('fork')).ns / 1e6;
  }

  /** Touches fresh memory and gives it back: memory that the host took away lately costs milliseconds a MiB. */
  async warmMachine(megabytes: number): Promise<void> {
    await this.command(`warm ${megabytes}`);
  }

  async command(command: string): Promise<{ ns: number; value?: unknown }> {
    this.child.stdin.write(`${command}\n`);
    return JSON.parse(await this.nextLine()) as { ns: number; value?: unknown };
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  private async nextLine(): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new FarforkError('DEADLINE_EXCEEDED', 'bench.local', `pid ${this.pid}`, 'no answer');
      timer = setTimeout(() => reject(error), ANSWER_TIMEOUT_MS);
    });
    try {
      const next = await Promise.race([this.lines.next(), late]);
      if (next.done)
        throw new FarforkError('PROCESS_EXITED', 'bench.local', `pid ${this.pid}`, 'the local parent ended');
      return next.value;
    } finally {
      clearTimeout(timer);
    }
  }
}
