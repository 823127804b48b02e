// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { FarforkError } from '../errors/index.js';
import type { Logger } from '../log/index.js';
import type { ErrorDetail, NodeSeedStats, Seed } from '../proto/index.js';
import { checkTtl, defaultTtlMs, Leases } from './leases.js';
import { randomId } from './names.js';
import type { NodeRegistry } from './nodes.js';
import { isLive, type SeedEntry, SeedTable, whyFailed } from './seed-table.js';
import type { Writer } from './writer.js';

export interface PrepareOrder {
  node: string;
  /** 0: the parent's. */
  pid: number;
  /** Of the parent; empty for a bare pid. */
  parent: string;
  name: string;
  nameIsDefault: boolean;
  /** 0: the default. */
  ttlMs: number;
  maxPauseMs: number;
}

export const defaultMaxPauseMs = 1000;
/** What prepare may take beside the pause: stopping, reading state, the pager's answer. */
export const prepareMs = 30_000;
const statsMs = 2000;

/** What happens to seeds: prepare, staging, loss, removal. */
export class SeedRegistry {
  readonly table: SeedTable;
  readonly leases: Leases;
  /** Seeds whose capture is under way, with what is said of them before its answer is handled. */
  private readonly preparing = new Map<string, (() => void)[]>();

  constructor(
    private readonly writer: Writer,
    log: Logger,
    private readonly nodes: NodeRegistry,
    private readonly livingOf: (seedId: string) => number,
  ) {
    this.table = new SeedTable(writer);
    this.leases = new Leases(this.table, nodes, livingOf, writer, log);
  }

  load(value: unknown): void {
    const entry = this.table.load(value);
    if (isLive(entry.seed)) this.leases.watch(entry);
  }

  list(): Seed[] {
    return this.table.all().map(({ seed }) => ({ ...seed }));
  }

  /** With the key, for whoever asked for the seed. */
  withKey(entry: SeedEntry): Seed {
    return { ...entry.seed, key: entry.key.toString('hex') };
  }

  /** Durable when it resolves. Rejects with SEED_EXISTS, or what the capture failed with. */
  async prepare(order: PrepareOrder): Promise<SeedEntry> {
    checkTtl(order.ttlMs);
    const name = this.table.reserve(order.name, order.nameIsDefault, order.parent);
    const seedId = randomId('sd_');
    this.preparing.set(seedId, []);
    try {
      const entry = await this.capture(seedId, order, name);
      this.table.insert(entry);
      this.leases.watch(entry);
      this.table.save(entry);
      const early = this.preparing.get(seedId) ?? [];
      this.preparing.delete(seedId);
      for (const event of early) event();
      await this.writer.flush();
      return entry;
    } finally {
      this.preparing.delete(seedId);
      this.table.release(name);
    }
  }

  /** Resolves when its memory is copied. Rejects with what staging failed with. */
  async waitStaged(entry: SeedEntry): Promise<void> {
    if (entry.seed.state === 'staging') await new Promise<void>((resolve) => entry.staged.push(resolve));
    if (entry.seed.state === 'failed') throw whyFailed(entry.seed);
  }

  staged(id: string, stagingUs: number): void {
    this.preparing.get(id)?.push(() => this.staged(id, stagingUs));
    const entry = this.table.byIdOnly(id);
    if (entry?.seed.state !== 'staging') return;
    entry.seed.state = 'ready';
    entry.seed.stagingUs = stagingUs;
    this.table.save(entry);
    for (const resolve of entry.staged.splice(0)) resolve();
  }

  /** It cannot be forked any more. */
  failed(id: string, error: ErrorDetail): void {
    this.preparing.get(id)?.push(() => this.failed(id, error));
    const entry = this.table.byIdOnly(id);
    if (!entry || !isLive(entry.seed)) return;
    entry.seed.error = error;
    this.table.finish(entry, 'failed');
    for (const resolve of entry.staged.splice(0)) resolve();
    void this.leases.reclaim(entry);
  }

  /** A node's pager ended: what was open there is not any more, and what came from there has lost its origin. */
  pagerLost(node: string, ids: string[]): void {
    for (const id of ids) {
      const entry = this.table.byIdOnly(id);
      if (!entry) continue;
      entry.seed.openNodes = entry.seed.openNodes.filter((other) => other !== node);
      this.table.save(entry);
      if (entry.seed.node !== node) continue;
      const seen = 'the pager of its origin ended, and the memory with it';
      this.failed(id, new FarforkError('PAGER_LOST', 'coordinator.seed', id, seen).toDetail());
    }
  }

  opened(id: string, node: string): void {
    const entry = this.table.byIdOnly(id);
    if (!entry || entry.seed.openNodes.includes(node)) return;
    entry.seed.openNodes = [...entry.seed.openNodes, node];
    this.table.save(entry);
  }

  /** What a registering agent's pager has open; ids that no live seed has are reclaimed there. */
  reconcile(node: string, ids: string[]): void {
    const open = new Set(ids);
    const isGone = ({ seed }: SeedEntry): boolean =>
      isLive(seed) && seed.openNodes.includes(node) && !open.has(seed.seedId);
    const gone = this.table.all().filter(isGone);
    this.pagerLost(
      node,
      gone.map(({ seed }) => seed.seedId),
    );
    for (const id of open) {
      const entry = this.table.byIdOnly(id);
      if (entry && isLive(entry.seed)) {
        this.opened(id, node);
        void this.leases.set(entry, [node]);
      } else {
        void this.leases.reclaimOn(node, id, false);
      }
    }
  }

  /** Durable when it resolves. */
  async renew(reference: string, ttlMs: number): Promise<Seed> {
    const entry = this.table.findUsable(reference, Buffer.alloc(0));
    checkTtl(ttlMs);
    if (ttlMs > 0) entry.ttlMs = ttlMs;
    await this.leases.extend(entry);
    return { ...entry.seed };
  }

  /** Ends it on every node. Rejects with SEED_IN_USE, unless forced, while children live. */
  async remove(reference: string, force: boolean): Promise<void> {
    const entry = this.table.find(reference);
    const { seedId, openNodes } = entry.seed;
    const living = this.livingOf(seedId);
    if (living > 0 && !force) {
      throw new FarforkError('SEED_IN_USE', 'coordinator.seed', seedId, `${living} children are alive`);
    }
    this.table.forget(entry);
    await this.writer.flush();
    await Promise.all(openNodes.map((node) => this.leases.reclaimOn(node, seedId, force)));
  }

  /** One seed with what each node's pager says of it. Nodes that do not answer are left out. */
  async withStats(reference: string): Promise<Seed> {
    const { seed } = this.table.find(reference);
    const ask = async (node: string): Promise<NodeSeedStats[]> => {
      try {
        const { seedStats } = await this.nodes.send(node, { seedStats: { seedId: seed.seedId } }, statsMs);
        return seedStats ? [{ ...seedStats, node }] : [];
      } catch {
        return [];
      }
    };
    return { ...seed, stats: (await Promise.all(seed.openNodes.map(ask))).flat() };
  }

  /** The last child of a seed ended: if its lease had, too, nothing needs it any more. */
  idle(id: string): void {
    const entry = this.table.byIdOnly(id);
    if (entry?.reclaimLater) void this.leases.reclaim(entry);
  }

  close(): void {
    for (const entry of this.table.all()) clearTimeout(entry.timer);
  }

  private async capture(seedId: string, order: PrepareOrder, name: string): Promise<SeedEntry> {
    const ttlMs = order.ttlMs || defaultTtlMs;
    const maxPauseMs = order.maxPauseMs || defaultMaxPauseMs;
    const key = randomBytes(32);
    const expiresUnixMs = Date.now() + ttlMs;
    const { node, pid, parent } = order;
    const command = { seedId, pid, parent, key, leaseEpoch: 1, expiresUnixMs, maxPauseMs };
    const result = await this.nodes.send(node, { prepare: command }, maxPauseMs + prepareMs);
    const captured = result.prepare?.seed;
    if (!captured) throw new FarforkError('INTERNAL', 'coordinator.prepare', node, 'the agent sent no seed');
    const state = captured.state || 'staging';
    const createdUnixMs = Date.now();
    const seed: Seed = { ...captured, seedId, name, node, state, leaseEpoch: 1, expiresUnixMs, createdUnixMs };
    seed.openNodes = [node];
    return { seed, key, ttlMs, parent, staged: [], reclaimLater: false };
  }
}
