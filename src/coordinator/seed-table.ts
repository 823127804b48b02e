// SPDX-License-Identifier: Apache-2.0
import { timingSafeEqual } from 'node:crypto';
import { FarforkError, fromDetail } from '../errors/index.js';
import { type ErrorDetail, Seed } from '../proto/index.js';
import { checkName } from './names.js';
import type { Writer } from './writer.js';

export interface SeedEntry {
  seed: Seed;
  key: Buffer;
  ttlMs: number;
  /** The parent's name; empty when it was a bare pid. */
  parent: string;
  timer?: NodeJS.Timeout | undefined;
  /** Called once it is staged or failed. */
  staged: (() => void)[];
  /** Its lease ended while children lived on some node: reclaim it when the last one ends. */
  reclaimLater: boolean;
}

export const seedKey = (id: string): string => `seed/${id}`;
interface StoredSeed {
  seed: Uint8Array;
  key: Uint8Array;
  ttlMs: number;
  parent: string;
}

/** Ended seeds that are still remembered, so that their users get the right error. */
const historyLimit = 1000;

export function isLive(seed: Seed): boolean {
  return seed.state === 'staging' || seed.state === 'ready';
}

export function whyFailed(seed: Seed): FarforkError {
  const none: ErrorDetail = { code: 'STAGING_FAILED', stage: 'coordinator.seed', object: seed.seedId, detail: '' };
  return fromDetail(seed.error ?? none);
}

/** The seeds by id and name, and their records. */
export class SeedTable {
  private readonly byId = new Map<string, SeedEntry>();
  private readonly byName = new Map<string, SeedEntry>();
  /** Names of seeds that are being made. */
  private readonly reserved = new Set<string>();
  private readonly ended: string[] = [];

  constructor(private readonly writer: Writer) {}

  load(value: unknown): SeedEntry {
    const { seed: bytes, key, ttlMs, parent } = value as StoredSeed;
    const seed = Seed.decode(bytes);
    const entry = { seed, key: Buffer.from(key), ttlMs, parent, staged: [], reclaimLater: false };
    this.insert(entry);
    if (!isLive(seed)) this.ended.push(seed.seedId);
    return entry;
  }

  all(): SeedEntry[] {
    return [...this.byId.values()];
  }

  byIdOnly(id: string): SeedEntry | undefined {
    return this.byId.get(id);
  }

  /** By id or name. Throws SEED_NOT_FOUND. */
  find(reference: string): SeedEntry {
    const entry = this.byId.get(reference) ?? this.byName.get(reference) ?? this.newestOf(reference);
    if (entry) return entry;
    throw new FarforkError('SEED_NOT_FOUND', 'coordinator.seed', reference, 'no seed has this id or name');
  }

  /** One that can be forked. Throws SEED_NOT_FOUND, LEASE_EXPIRED, SEED_KEY_WRONG, or what the seed failed with. */
  findUsable(reference: string, key: Uint8Array): SeedEntry {
    const entry = this.find(reference);
    const { seed } = entry;
    if (seed.state === 'failed') throw whyFailed(seed);
    if (seed.state === 'expired' || seed.expiresUnixMs <= Date.now()) {
      const seen = `it ended at ${new Date(seed.expiresUnixMs).toISOString()}`;
      throw new FarforkError('LEASE_EXPIRED', 'coordinator.seed', seed.seedId, seen);
    }
    if (key.length > 0 && (key.length !== entry.key.length || !timingSafeEqual(key, entry.key))) {
      throw new FarforkError('SEED_KEY_WRONG', 'coordinator.seed', seed.seedId, 'the key is not the one of prepare');
    }
    return entry;
  }

  /** The newest live seed that a parent became. */
  newestOf(parent: string): SeedEntry | undefined {
    const mine = this.all().filter((entry) => entry.parent === parent && parent !== '' && isLive(entry.seed));
    return mine.sort((left, right) => right.seed.createdUnixMs - left.seed.createdUnixMs)[0];
  }

  /**
   * Holds a name for a seed that is being made; to be given back with release(). A default name gives way: it is "" when
   * another seed has it, and is taken over from an older seed of the same parent. Throws SEED_EXISTS.
   */
  reserve(name: string, isDefault: boolean, parent: string): string {
    if (!name) return '';
    checkName('a seed', name);
    const owner = this.byName.get(name);
    const isTaken = this.reserved.has(name) || (owner !== undefined && isLive(owner.seed));
    const isOwn = owner !== undefined && owner.parent === parent && parent !== '' && !this.reserved.has(name);
    if (isTaken && !(isDefault && isOwn)) {
      if (isDefault) return '';
      throw new FarforkError(
        'SEED_EXISTS',
        'coordinator.prepare',
        name,
        owner ? owner.seed.seedId : 'it is being made',
      );
    }
    this.reserved.add(name);
    return name;
  }

  release(name: string): void {
    this.reserved.delete(name);
  }

  /** A seed that had the name loses it. */
  insert(entry: SeedEntry): void {
    const { seedId, name } = entry.seed;
    this.byId.set(seedId, entry);
    if (!name) return;
    const previous = this.byName.get(name);
    this.byName.set(name, entry);
    if (!previous) return;
    previous.seed.name = '';
    this.save(previous);
  }

  forget(entry: SeedEntry): void {
    const { seedId, name } = entry.seed;
    clearTimeout(entry.timer);
    this.byId.delete(seedId);
    if (this.byName.get(name) === entry) this.byName.delete(name);
    this.writer.delete(seedKey(seedId));
  }

  /** It has ended, and is remembered for a while. */
  finish(entry: SeedEntry, state: 'expired' | 'failed'): void {
    clearTimeout(entry.timer);
    entry.seed.state = state;
    this.save(entry);
    this.ended.push(entry.seed.seedId);
    while (this.ended.length > historyLimit) {
      const oldest = this.byId.get(this.ended.shift() ?? '');
      if (oldest && !isLive(oldest.seed)) this.forget(oldest);
    }
  }

  save({ seed, key, ttlMs, parent }: SeedEntry): void {
    if (!this.byId.has(seed.seedId)) return;
    const stored: StoredSeed = { seed: Seed.encode(seed), key, ttlMs, parent };
    this.writer.put(seedKey(seed.seedId), stored);
  }
}
