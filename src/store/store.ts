// SPDX-License-Identifier: Apache-2.0
/**
 * Cluster state behind one small interface: records by key, each with a revision; transactions that compare, then write,
 * atomically; a leadership epoch that every write carries. The shape is etcd's (compare, then put and delete), so that
 * several coordinators can share a store without this interface moving.
 */

/** What a record holds: plain data (numbers, text, booleans, bytes, arrays, objects). */
export type StoredValue = unknown;

export interface StoredRecord {
  key: string;
  /** Of the transaction that wrote it; grows with every transaction of the store. */
  revision: number;
  value: StoredValue;
}

export interface Transaction {
  /** From acquireLeadership. */
  epoch: number;
  /** All must hold: the record's revision, or 0 when there must be none. */
  expect?: { key: string; revision: number }[];
  put?: { key: string; value: StoredValue }[];
  delete?: string[];
}

export interface ListOptions {
  limit?: number;
  /** Begin after this key. */
  after?: string;
}

export interface Store {
  /** Begins a new epoch, greater than all before; every older holder is fenced from then on. */
  acquireLeadership(): Promise<number>;
  get(key: string): Promise<StoredRecord | undefined>;
  /** Records whose key begins with the prefix, in the order of their keys' bytes. */
  list(prefix: string, options?: ListOptions): Promise<StoredRecord[]>;
  /**
   * Writes all or nothing and resolves, once durable, with the revision. Rejects with FENCED when a newer epoch exists
   * (object "epoch N") or an expectation does not hold (object: the key); INVALID_ARGUMENT for a key that cannot be used.
   */
  commit(transaction: Transaction): Promise<number>;
  close(): Promise<void>;
}

/** Keys are text of 1 to 400 bytes without NUL. */
export const maxKeyBytes = 400;
