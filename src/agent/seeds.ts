// SPDX-License-Identifier: Apache-2.0
import { FarforkError } from '../errors/index.js';
import type { Binding, PagerConnection } from '../native/index.js';
import type { ForkCommand, Init, NodeSeedStats, PrepareCommand, Seed } from '../proto/index.js';

const stopTimeoutMs = 2000;
const defaultMaxPauseMs = 1000;
const minOpenDeadlineMs = 1000;

/** The seeds that are open on this node: made here, or opened from a peer. */
export class SeedTable {
  private readonly open = new Set<string>();
  private readonly opening = new Map<string, Promise<void>>();

  constructor(
    private readonly binding: Binding,
    private readonly node: string,
    private readonly pager: () => Promise<PagerConnection>,
  ) {}

  ids(): string[] {
    return [...this.open];
  }

  adopt(ids: string[]): void {
    for (const id of ids) this.open.add(id);
  }

  forget(id: string): void {
    this.open.delete(id);
  }

  /** Empties the table; the pager or the spawner is gone. */
  drop(): string[] {
    const ids = this.ids();
    this.open.clear();
    return ids;
  }

  /** Stops the process for an instant, takes its state, and hands it to the pager. The process goes on unharmed. */
  async prepare(command: PrepareCommand, pid: number, controlInode: bigint): Promise<Init<Seed>> {
    const pager = await this.pager();
    const capture = await this.binding.capture({
      pid,
      seedId: command.seedId,
      controlInode,
      stopTimeoutMs,
      maxPauseMs: command.maxPauseMs || defaultMaxPauseMs,
    });
    try {
      const reply = await pager.importSeed(capture, {
        seedId: command.seedId,
        key: command.key,
        leaseEpoch: command.leaseEpoch,
        leaseExpiresUnixMs: command.expiresUnixMs,
      });
      this.open.add(command.seedId);
      return {
        seedId: command.seedId,
        node: this.node,
        state: 'staging',
        leaseEpoch: command.leaseEpoch,
        expiresUnixMs: command.expiresUnixMs,
        createdUnixMs: Date.now(),
        parentPid: pid,
        threads: capture.threadCount,
        vmas: capture.vmaCount,
        layoutPages: reply.layoutPages,
        descriptorBytes: reply.descriptorBytes,
        pauseUs: capture.pauseUs,
        forkUs: capture.forkUs,
        sharedCopyUs: capture.sharedCopyUs,
        hasControl: capture.hasControl,
        openNodes: [this.node],
      };
    } finally {
      capture.release();
    }
  }

  /** True when children can be forked from it at once: the warm path takes no round trip. */
  isOpen(seedId: string): boolean {
    return this.open.has(seedId);
  }

  async ensureOpen(command: ForkCommand): Promise<void> {
    if (!this.open.has(command.seedId)) await this.openAgain(command);
  }

  /** Opens the seed from its origin, also when it was open; callers at the same time share one attempt. */
  async openAgain(command: ForkCommand): Promise<void> {
    let attempt = this.opening.get(command.seedId);
    if (!attempt) {
      attempt = this.openFrom(command).finally(() => this.opening.delete(command.seedId));
      this.opening.set(command.seedId, attempt);
    }
    await attempt;
  }

  private async openFrom(command: ForkCommand): Promise<void> {
    const pager = await this.pager();
    if (!command.sourceHost) {
      throw new FarforkError('SOURCE_LOST', 'agent.open', `seed ${command.seedId}`, 'its origin is not connected');
    }
    await pager.openSeed({
      seedId: command.seedId,
      key: command.key,
      leaseEpoch: command.leaseEpoch,
      sourceHost: command.sourceHost,
      sourcePort: command.sourcePort,
      deadlineMs: Math.max(command.deadlineMs, minOpenDeadlineMs),
    });
    this.open.add(command.seedId);
  }

  async setLease(seedId: string, leaseEpoch: number, expiresUnixMs: number): Promise<void> {
    if (!this.open.has(seedId)) return;
    await (await this.pager()).setLease(seedId, leaseEpoch, expiresUnixMs);
  }

  async reclaim(seedId: string, force: boolean): Promise<void> {
    if (!this.open.has(seedId)) return;
    await (await this.pager()).reclaimSeed(seedId, force);
    this.open.delete(seedId);
  }

  async stats(seedId: string): Promise<Init<NodeSeedStats>> {
    if (!this.open.has(seedId)) {
      throw new FarforkError('SEED_NOT_OPEN', 'agent.stats', `seed ${seedId}`, `node ${this.node}`);
    }
    return { ...(await (await this.pager()).seedStats(seedId)), node: this.node };
  }
}
