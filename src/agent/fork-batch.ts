// SPDX-License-Identifier: Apache-2.0
import { FarforkError } from '../errors/index.js';
import type { ForkOptions } from '../native/index.js';
import type { ForkCommand, ForkCommandChild } from '../proto/index.js';

/** The spawner keeps the deadline itself, and says more about what was late. */
const slackMs = 2000;
const defaultDeadlineMs = 30_000;

export interface ForkBatchEvents {
  /** These have neither started nor failed in time. */
  late: (childIds: string[]) => void;
  /** Every child has started or failed. */
  settled: () => void;
}

/** The children of one fork command until each has started or failed, with one timer for all of them. */
export class ForkBatch {
  /** Their standard input; '': none. */
  stdinPath = '';
  private readonly unstarted: Set<string>;
  private readonly timer: NodeJS.Timeout;
  private readonly deadlineMs: number;

  constructor(
    childIds: string[],
    deadlineMs: number,
    readonly requestedAtNs: bigint,
    private readonly events: ForkBatchEvents,
  ) {
    this.unstarted = new Set(childIds);
    this.deadlineMs = deadlineMs || defaultDeadlineMs;
    this.timer = setTimeout(
      () => {
        events.late([...this.unstarted]);
      },
      Math.max(this.remainingMs(), 0) + slackMs,
    );
    this.timer.unref();
  }

  /** Of the time in which every child has to start; 0 or less: it is over. */
  remainingMs(): number {
    const passedMs = Number(process.hrtime.bigint() - this.requestedAtNs) / 1e6;
    return Math.floor(this.deadlineMs - passedMs);
  }

  /** The child started or failed. */
  settle(childId: string): void {
    if (!this.unstarted.delete(childId) || this.unstarted.size > 0) return;
    clearTimeout(this.timer);
    this.events.settled();
  }

  close(): void {
    clearTimeout(this.timer);
  }
}

/** What the spawner has to know of the batch; its deadline is what is left of the command's. */
export function forkOptions(
  { seedId, hasControl, inheritFiles, inheritStdio }: ForkCommand,
  children: ForkCommandChild[],
  batch: ForkBatch,
): ForkOptions {
  return {
    seedId,
    requestedAtNs: batch.requestedAtNs,
    deadlineMs: batch.remainingMs(),
    children: children.map(({ childId, index }) => ({
      childId,
      index,
      stdinPath: batch.stdinPath,
      hasControl,
      inheritFiles,
      inheritStdio,
    })),
  };
}

export function tooLate(command: ForkCommand, seen: string): FarforkError {
  const object = `seed ${command.seedId}`;
  return new FarforkError('DEADLINE_EXCEEDED', 'agent.fork', object, `${seen} (${String(command.deadlineMs)} ms)`);
}
