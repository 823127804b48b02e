// SPDX-License-Identifier: Apache-2.0
import { asFarforkError } from '../errors/index.js';
import type { SpawnerConnection } from '../native/index.js';

const roundMs = 500;
const maxRounds = 120;
const atOnce = 64;

/**
 * Tells the spawner to forget what has ended. Off the path of the fork, and again while the cell of a child is still
 * ending, which the spawner refuses to forget.
 */
export class Forgetter {
  /** Rounds that each id has seen. */
  private readonly waiting = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  /** While `mayForget` is false, the end of some may not have been told to the coordinator yet. */
  constructor(
    private readonly spawner: () => Promise<SpawnerConnection>,
    private readonly mayForget: () => boolean,
  ) {}

  add(id: string): void {
    this.waiting.set(id, 0);
    this.schedule();
  }

  /** The spawner is gone, and its records with it. */
  clear(): void {
    this.waiting.clear();
  }

  close(): void {
    this.closed = true;
    this.waiting.clear();
    clearTimeout(this.timer);
  }

  private schedule(): void {
    if (this.closed || this.timer || this.waiting.size === 0) return;
    this.timer = setTimeout(() => {
      void this.round().then(() => {
        this.timer = undefined;
        this.schedule();
      });
    }, roundMs);
    this.timer.unref();
  }

  private async round(): Promise<void> {
    if (!this.mayForget()) return;
    const ids = [...this.waiting.keys()];
    for (let at = 0; at < ids.length && !this.closed; at += atOnce) {
      await Promise.all(ids.slice(at, at + atOnce).map((id) => this.forget(id)));
    }
  }

  private async forget(id: string): Promise<void> {
    const rounds = (this.waiting.get(id) ?? maxRounds) + 1;
    try {
      await (await this.spawner()).forgetChild(id);
      this.waiting.delete(id);
    } catch (error) {
      const isEnding = asFarforkError(error).code === 'INVALID_ARGUMENT';
      if (isEnding && rounds < maxRounds && this.waiting.has(id)) this.waiting.set(id, rounds);
      else this.waiting.delete(id);
    }
  }
}
