// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import { open, type RootDatabase } from 'lmdb';
import { FarforkError } from '../errors/index.js';
import { type ListOptions, maxKeyBytes, type Store, type StoredRecord, type Transaction } from './store.js';

interface Slot {
  revision: number;
  value: unknown;
}

/** Records live below "r", the store's own counters below "m": a list of all records never meets them. */
const recordKey = (key: string): string => `r${key}`;
const epochKey = 'm epoch';
const revisionKey = 'm revision';
/** Sorts after every key of its prefix: no UTF-8 text has this code point's successors. */
const last = '\u{10ffff}';

/**
 * The store of one machine: a folder with an LMDB file. Several processes may open it; LMDB's writer lock makes their
 * transactions one after another, and the epoch decides whose count.
 */
export class LmdbStore implements Store {
  private constructor(private readonly database: RootDatabase<unknown, string>) {}

  static open(folder: string): LmdbStore {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      return new LmdbStore(open({ path: folder, encoding: 'msgpack', noSubdir: false, keyEncoding: 'ordered-binary' }));
    } catch (error) {
      const seen = error instanceof Error ? error.message : String(error);
      throw new FarforkError('RESOURCE_EXHAUSTED', 'store.open', folder, seen, { cause: error });
    }
  }

  async acquireLeadership(): Promise<number> {
    const epoch = await this.database.transaction(() => {
      const next = this.counter(epochKey) + 1;
      void this.database.put(epochKey, next);
      return next;
    });
    await this.database.flushed;
    return epoch;
  }

  get(key: string): Promise<StoredRecord | undefined> {
    const slot = this.slot(key);
    return Promise.resolve(slot && { key, ...slot });
  }

  list(prefix: string, options: ListOptions = {}): Promise<StoredRecord[]> {
    const start = recordKey(options.after !== undefined && options.after > prefix ? options.after : prefix);
    const found: StoredRecord[] = [];
    for (const { key, value } of this.database.getRange({ start, end: recordKey(prefix) + last })) {
      const name = key.slice(1);
      if (name === options.after || !name.startsWith(prefix)) continue;
      found.push({ key: name, ...(value as Slot) });
      if (options.limit !== undefined && found.length >= options.limit) break;
    }
    return Promise.resolve(found);
  }

  async commit(transaction: Transaction): Promise<number> {
    for (const { key } of transaction.put ?? []) checkKey(key);
    const outcome = await this.database.transaction(() => this.apply(transaction));
    if (outcome instanceof FarforkError) throw outcome;
    await this.database.flushed;
    return outcome;
  }

  close(): Promise<void> {
    return this.database.close();
  }

  /** Inside the write transaction. Returns the error: a throw would abort the transactions batched with this one. */
  private apply(transaction: Transaction): number | FarforkError {
    const epoch = this.counter(epochKey);
    if (transaction.epoch !== epoch) {
      return new FarforkError('FENCED', 'store.commit', `epoch ${transaction.epoch}`, `the epoch is ${epoch}`);
    }
    for (const { key, revision } of transaction.expect ?? []) {
      const actual = this.slot(key)?.revision ?? 0;
      if (actual !== revision) {
        return new FarforkError('FENCED', 'store.commit', key, `revision ${actual}, not ${revision}`);
      }
    }
    const revision = this.counter(revisionKey) + 1;
    void this.database.put(revisionKey, revision);
    for (const { key, value } of transaction.put ?? []) void this.database.put(recordKey(key), { revision, value });
    for (const key of transaction.delete ?? []) void this.database.remove(recordKey(key));
    return revision;
  }

  private slot(key: string): Slot | undefined {
    return this.database.get(recordKey(key)) as Slot | undefined;
  }

  private counter(key: string): number {
    return (this.database.get(key) as number | undefined) ?? 0;
  }
}

function checkKey(key: string): void {
  if (key.length > 0 && !key.includes('\0') && Buffer.byteLength(key) <= maxKeyBytes) return;
  throw new FarforkError('INVALID_ARGUMENT', 'store.commit', key.slice(0, 80), `a key has 1 to ${maxKeyBytes} bytes`);
}
