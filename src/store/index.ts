// SPDX-License-Identifier: Apache-2.0
export { LmdbStore } from './lmdb-store.js';
export { type ListOptions, type Store, type StoredRecord, type StoredValue, type Transaction } from './store.js';
