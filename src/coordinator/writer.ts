// SPDX-License-Identifier: Apache-2.0
import { FarforkError } from '../errors/index.js';
import type { Logger } from '../log/index.js';
import type { Store, StoredValue } from '../store/index.js';

const removed = Symbol('removed');
const delayMs = 20;

/**
 * The one way from the coordinator to its store. Children are written behind, many in one transaction; seeds, parents and
 * drains are durable before the caller is told. Every transaction carries the leadership epoch; once it is fenced, no
 * write is tried again and `onFenced` says so once.
 */
export class Writer {
  private pending = new Map<string, StoredValue>();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private fenced: FarforkError | undefined;

  constructor(
    private readonly store: Store,
    private readonly epoch: number,
    private readonly log: Logger,
    private readonly onFenced: (error: FarforkError) => void,
  ) {}

  /** Written soon; a later value of the same key replaces it. */
  put(key: string, value: StoredValue): void {
    this.enqueue(key, value);
  }

  delete(key: string): void {
    this.enqueue(key, removed);
  }

  /** Resolves once everything enqueued so far is durable. Rejects with FENCED, or with what the store met. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const mine = this.running.catch(() => undefined).then(() => this.write());
    this.running = mine;
    return mine;
  }

  private enqueue(key: string, value: StoredValue): void {
    this.pending.set(key, value);
    this.timer ??= setTimeout(() => {
      this.flush().catch((error: unknown) => this.log.warn('records not written', { error: String(error) }));
    }, delayMs);
  }

  private async write(): Promise<void> {
    if (this.fenced) throw this.fenced;
    if (this.pending.size === 0) return;
    const batch = this.pending;
    this.pending = new Map();
    const put: { key: string; value: StoredValue }[] = [];
    const gone: string[] = [];
    for (const [key, value] of batch) {
      if (value === removed) gone.push(key);
      else put.push({ key, value });
    }
    try {
      await this.store.commit({ epoch: this.epoch, put, delete: gone });
    } catch (error) {
      if (error instanceof FarforkError && error.code === 'FENCED') {
        this.fenced = error;
        this.onFenced(error);
      } else {
        // Newer values of the same keys win.
        this.pending = new Map([...batch, ...this.pending]);
      }
      throw error;
    }
  }
}
