// SPDX-License-Identifier: Apache-2.0
import { asFarforkError } from '../errors/index.js';
import type { Logger } from '../log/index.js';
import { invalid } from './names.js';
import type { NodeRegistry } from './nodes.js';
import type { SeedEntry, SeedTable } from './seed-table.js';
import type { Writer } from './writer.js';

export const defaultTtlMs = 600_000;
const maxTtlMs = 365 * 24 * 3600 * 1000;
/** Node's timers take 31 bits; a longer lease is looked at again. */
const longestTimerMs = 2 ** 30;
const commandMs = 10_000;

/** Throws INVALID_ARGUMENT. */
export function checkTtl(ttlMs: number): void {
  if (ttlMs > maxTtlMs) throw invalid(`ttl ${ttlMs} ms`, 'a lease is at most a year');
}

/** A seed lives as long as its lease or its children: leases are renewed while used, and reclaimed when they end. */
export class Leases {
  constructor(
    private readonly table: SeedTable,
    private readonly nodes: NodeRegistry,
    private readonly livingOf: (seedId: string) => number,
    private readonly writer: Writer,
    private readonly log: Logger,
  ) {}

  /** Looks when a third of the lease is left, to renew it for living children; and at its end. */
  watch(entry: SeedEntry): void {
    clearTimeout(entry.timer);
    const leftMs = entry.seed.expiresUnixMs - Date.now();
    const lookMs = entry.ttlMs / 3 < leftMs ? leftMs - entry.ttlMs / 3 : leftMs;
    entry.timer = setTimeout(() => this.check(entry), Math.max(0, Math.min(lookMs, longestTimerMs)));
    entry.timer.unref();
  }

  /** It is being forked: a lease that is half over begins anew. */
  used(entry: SeedEntry): void {
    if (entry.seed.expiresUnixMs - Date.now() < entry.ttlMs / 2) this.extendSoon(entry);
  }

  /** Durable, and known to the nodes that answered, when it resolves. */
  async extend(entry: SeedEntry): Promise<void> {
    entry.seed.expiresUnixMs = Math.max(entry.seed.expiresUnixMs, Date.now() + entry.ttlMs);
    this.watch(entry);
    this.table.save(entry);
    await Promise.all([this.writer.flush(), this.set(entry, entry.seed.openNodes)]);
  }

  /** Tells these nodes when the lease ends. */
  async set(entry: SeedEntry, nodes: string[]): Promise<void> {
    const { seedId, leaseEpoch, expiresUnixMs } = entry.seed;
    const send = (node: string) =>
      this.nodes.send(node, { setLease: { seedId, leaseEpoch, expiresUnixMs } }, commandMs);
    for (const outcome of await Promise.allSettled(nodes.map(send))) {
      if (outcome.status === 'rejected')
        this.log.warn('lease not set', { seed: seedId, error: String(outcome.reason) });
    }
  }

  /** Takes it back from every node, now or when its last child ended. */
  async reclaim(entry: SeedEntry): Promise<void> {
    const { seedId, openNodes } = entry.seed;
    entry.reclaimLater = this.livingOf(seedId) > 0;
    if (entry.reclaimLater) return;
    await Promise.all(openNodes.map((node) => this.reclaimOn(node, seedId, false)));
    entry.seed.openNodes = [];
    this.table.save(entry);
  }

  /** Never rejects: a node that cannot be reached reclaims it when it registers again. */
  async reclaimOn(node: string, seedId: string, force: boolean): Promise<void> {
    try {
      await this.nodes.send(node, { reclaim: { seedId, force } }, commandMs);
    } catch (error) {
      const { code } = asFarforkError(error);
      if (code !== 'SEED_NOT_FOUND') this.log.warn('seed not reclaimed', { seed: seedId, node, code });
    }
  }

  private extendSoon(entry: SeedEntry): void {
    this.extend(entry).catch((error: unknown) => {
      this.log.warn('lease not renewed', { seed: entry.seed.seedId, error: String(error) });
    });
  }

  private check(entry: SeedEntry): void {
    const leftMs = entry.seed.expiresUnixMs - Date.now();
    const isUsed = this.livingOf(entry.seed.seedId) > 0;
    if (isUsed && leftMs <= entry.ttlMs / 3 + 5) this.extendSoon(entry);
    else if (leftMs > 0) this.watch(entry);
    else this.expire(entry);
  }

  private expire(entry: SeedEntry): void {
    this.log.info('lease ended', { seed: entry.seed.seedId, name: entry.seed.name });
    this.table.finish(entry, 'expired');
    void this.reclaim(entry);
  }
}
