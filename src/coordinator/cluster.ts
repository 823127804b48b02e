// SPDX-License-Identifier: Apache-2.0
import { FarforkError } from '../errors/index.js';
import type { Logger } from '../log/index.js';
import type { AgentEvent, Register } from '../proto/index.js';
import type { Store } from '../store/index.js';
import { ChildRegistry } from './children.js';
import { Forks } from './forks.js';
import type { AgentCall, NodeSession } from './node-session.js';
import { NodeRegistry, type NodeTimes } from './nodes.js';
import { ParentRegistry } from './parents.js';
import { SeedRegistry } from './seeds.js';
import { Writer } from './writer.js';

/** The state of the cluster, and what its agents' words do to it. */
export class Cluster {
  readonly nodes: NodeRegistry;
  readonly seeds: SeedRegistry;
  readonly children: ChildRegistry;
  readonly parents: ParentRegistry;
  readonly forks: Forks;
  readonly writer: Writer;
  private fence: FarforkError | undefined;

  private constructor(
    private readonly store: Store,
    epoch: number,
    readonly log: Logger,
    times: NodeTimes,
    private readonly onFenced: () => void,
  ) {
    this.writer = new Writer(store, epoch, log, (error) => this.fenced(error));
    this.nodes = new NodeRegistry(this.writer, log, times, {
      nodeLost: (name, error) => this.children.nodeLost(name, error),
      sessionEnded: (name, error) => this.children.sessionEnded(name, error),
    });
    this.children = new ChildRegistry(this.writer, {
      unwanted: ({ childId }) => this.forks.kill(childId),
      seedIdle: (seedId) => this.seeds.idle(seedId),
    });
    this.seeds = new SeedRegistry(this.writer, log, this.nodes, (seedId) => this.children.livingOf(seedId));
    this.parents = new ParentRegistry(this.writer, log, this.nodes, this.seeds);
    this.forks = new Forks(this.nodes, this.seeds, this.children, log);
  }

  /** Becomes the store's leader and reads what the last one left. */
  static async open(store: Store, log: Logger, times: NodeTimes, onFenced: () => void): Promise<Cluster> {
    const epoch = await store.acquireLeadership();
    const cluster = new Cluster(store, epoch, log, times, onFenced);
    for (const { value } of await store.list('node/')) cluster.nodes.load(value);
    for (const { value } of await store.list('child/')) cluster.children.load(value);
    for (const { value } of await store.list('seed/')) cluster.seeds.load(value);
    for (const { value } of await store.list('parent/')) cluster.parents.load(value);
    log.info('leading', { epoch, seeds: cluster.seeds.list().length, nodes: cluster.nodes.list().length });
    return cluster;
  }

  /** Throws FENCED once another coordinator leads: nothing that this one says counts any more. */
  checkLeading(): void {
    if (this.fence) throw this.fence;
  }

  register(call: AgentCall, register: Register): NodeSession {
    this.checkLeading();
    const session = this.nodes.register(call, register);
    this.children.reconcile(session.node, register.children);
    this.parents.reconcile(session.node, register.parents);
    this.seeds.reconcile(session.node, register.seedIds);
    return session;
  }

  onEvent(node: string, event: AgentEvent): void {
    if (event.fork) return this.children.onEvent(node, event.fork);
    if (event.seedStaged) return this.seeds.staged(event.seedStaged.seedId, event.seedStaged.stagingUs);
    if (event.seedFailed?.error) return this.seeds.failed(event.seedFailed.seedId, event.seedFailed.error);
    if (event.pagerLost) return this.seeds.pagerLost(node, event.pagerLost.seedIds);
    if (event.parentExited) return this.parents.exited(node, event.parentExited.name, event.parentExited.exitCode);
    if (event.seedWanted) void this.parents.seedWanted(node, event.seedWanted);
  }

  /** What is not written yet is written; streams end. */
  async close(): Promise<void> {
    const error = new FarforkError('UNAVAILABLE', 'coordinator', '', 'the coordinator is shutting down');
    this.nodes.close(error, false);
    this.seeds.close();
    await this.writer.flush().catch((failure: unknown) => {
      this.log.warn('the last records were not written', { error: String(failure) });
    });
    await this.store.close();
  }

  private fenced(error: FarforkError): void {
    if (this.fence) return;
    this.fence = error;
    this.log.error('another coordinator leads', { detail: error.detail });
    this.nodes.close(error, true);
    this.onFenced();
  }
}
