// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Context } from 'mocha';
import type * as Embedded from '../../../dist/embedded/index.js';
import type * as Native from '../../../dist/native/index.js';
import { built } from '../built.js';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const main = `${root}dist/cli/main.js`;
const { startEmbedded } = await built<typeof Embedded>('embedded/index.js');
const { loadBinding } = await built<typeof Native>('native/index.js');

export type Cluster = Embedded.EmbeddedCluster;

/** Skips the test where a cluster cannot run, and says why. */
export function needCluster(context: Context): void {
  const missing =
    process.getuid?.() === 0
      ? loadBinding()
          .probe()
          .filter((probe) => probe.required && !probe.ok)
          .map((probe) => probe.name)
      : ['root'];
  if (missing.length === 0) return;
  console.log(`      skipped: this machine lacks ${missing.join(', ')}`);
  context.skip();
}

export function startCluster(options: Partial<Embedded.EmbeddedOptions> = {}): Promise<Cluster> {
  return startEmbedded({ nodes: 3, readyCells: 4, ...options });
}

/** What has to be undone, in reverse order, however far a suite came. */
export class Cleanup {
  private readonly steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.steps.push(step);
  }

  async run(): Promise<void> {
    for (const step of this.steps.splice(0).reverse()) await step();
  }
}

/** Polls until `condition` gives a value; fails after `timeoutMs`. */
export async function until<T>(
  what: string,
  condition: () => T | undefined | false | null | Promise<T | undefined | false | null>,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false && value !== null) return value;
    assert.ok(Date.now() < deadline, `within ${timeoutMs} ms never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export interface Up {
  process: ChildProcess;
  endpoint: string;
  stateDir: string;
}

/** `farfork up` as a process of its own, below `wrapper` when one is given; resolves once it serves. */
export async function startUp(argv: string[], wrapper: string[] = []): Promise<Up> {
  const [command = '', ...rest] = [...wrapper, process.execPath, main, 'up', '--json', ...argv];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (data: Buffer) => (complaint += data.toString()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  assert.ok(!first.done, complaint);
  return { process: child, ...(JSON.parse(first.value) as { endpoint: string; stateDir: string }) };
}

export interface Ran {
  status: number | null;
  out: string;
  err: string;
}

/** Runs `farfork ARGUMENTS`. */
export async function farfork(endpoint: string, ...argv: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...argv], {
    env: { ...process.env, FARFORK_ENDPOINT: endpoint },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  const ran: Ran = { status: null, out: '', err: '' };
  child.stdout.on('data', (data: Buffer) => (ran.out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (ran.err += data.toString()));
  [ran.status] = (await once(child, 'close')) as [number | null];
  return ran;
}

/** Whoever runs the tests may have left descriptors open in us; a parent with a stranger's pipe is refused. */
const CLEAN_EXEC = 'import os, sys; os.closerange(3, 65536); os.execvp(sys.argv[1], sys.argv[1:])';

/** A process that a test starts, with its output so far. */
export class Program {
  out = '';
  private constructor(readonly child: ChildProcess) {
    child.stdout?.on('data', (data: Buffer) => (this.out += data.toString()));
    child.stderr?.on('data', (data: Buffer) => (this.out += data.toString()));
  }

  static start(command: string, ...argv: string[]): Program {
    return new Program(spawn('python3', ['-c', CLEAN_EXEC, command, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  get pid(): number {
    assert.ok(this.child.pid !== undefined);
    return this.child.pid;
  }

  get lines(): string[] {
    return this.out.split('\n').slice(0, -1);
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill(signal);
      await ended;
    }
    return this.child.exitCode;
  }
}

/** Fields of /proc/PID/status. */
export function processStatus(pid: number): { state: string; tracer: string } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): string => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(text)?.[1] ?? '';
  return { state: field('State'), tracer: field('TracerPid') };
}

/** The parent is neither stopped nor traced, and goes on printing. */
export async function assertUnharmed(parent: Program): Promise<void> {
  assert.deepEqual({ ...processStatus(parent.pid), state: '' }, { state: '', tracer: '0' });
  assert.match(processStatus(parent.pid).state, /[RSD]/);
  const before = parent.lines.length;
  await until('the parent goes on', () => parent.lines.length > before + 2);
}
