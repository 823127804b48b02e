import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { NativeError } from '../../../dist/native/index.js';

/** A native process that plays pager and spawner (test/native/addon/fake_daemon.cc). */
export class FakeDaemon {
  private constructor(
    readonly process: ChildProcess,
    readonly socketPath: string,
    private readonly folder: string,
  ) {}

  static async start(): Promise<FakeDaemon> {
    const folder = mkdtempSync(join(tmpdir(), 'farfork-door-'));
    const socketPath = join(folder, 'socket');
    const program = new URL('../../native/build/Release/farfork-fake-daemon', import.meta.url).pathname;
    const child = spawn(program, [socketPath], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    return new FakeDaemon(child, socketPath, folder);
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const exited = once(this.process, 'exit');
      this.process.stdin?.end();
      await exited;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** kill -9, as when a daemon crashes. */
  async crash(): Promise<void> {
    const exited = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exited;
  }
}

/** Collects events until a condition holds. */
export class Events<Event> {
  readonly all: Event[] = [];
  private waiters: (() => void)[] = [];
  readonly sink = (events: Event[]): void => {
    this.all.push(...events);
    for (const waiter of this.waiters.splice(0)) waiter();
  };

  async until(condition: (all: Event[]) => boolean): Promise<Event[]> {
    while (!condition(this.all)) await new Promise<void>((resolve) => this.waiters.push(resolve));
    return this.all;
  }
}

/** What a promise rejects with: a NativeError that is an Error too. */
export async function rejection(promise: Promise<unknown>): Promise<NativeError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof Error);
    return error as unknown as NativeError;
  }
  assert.fail('it did not reject');
}
