// SPDX-License-Identifier: Apache-2.0
import { FarforkError } from '../errors/index.js';
import type { Logger } from '../log/index.js';
import { type CommandResult, Node, type Register } from '../proto/index.js';
import type { NodeView } from '../scheduler/index.js';
import { checkName } from './names.js';
import { type AgentCall, type CommandBody, NodeSession } from './node-session.js';
import type { Writer } from './writer.js';

interface NodeEntry {
  node: Node;
  /** Survives restarts of agent and coordinator. */
  draining: boolean;
  lost: boolean;
  session?: NodeSession | undefined;
  lostTimer?: NodeJS.Timeout | undefined;
}

export interface NodeTimes {
  heartbeatMs: number;
  /** Without a sign of life for this long, a node is lost. */
  lostAfterMs: number;
}

export interface NodeObserver {
  /** Its children's fate is unknown until its agent returns. */
  nodeLost: (name: string, error: FarforkError) => void;
  sessionEnded: (name: string, error: FarforkError) => void;
}

export const nodeKey = (name: string): string => `node/${name}`;
interface StoredNode {
  node: Uint8Array;
  draining: boolean;
  epoch: number;
}

/** The nodes: their last word, their streams, and whether they are lost. */
export class NodeRegistry {
  private readonly entries = new Map<string, NodeEntry>();
  private readonly epochs = new Map<string, number>();
  private readonly pulse: NodeJS.Timeout;
  private readonly pulseMs: number;
  private lastPulseMs = Date.now();

  constructor(
    private readonly writer: Writer,
    private readonly log: Logger,
    private readonly times: NodeTimes,
    private readonly observer: NodeObserver,
  ) {
    this.pulseMs = Math.max(50, times.lostAfterMs / 8);
    this.pulse = setInterval(() => this.checkPulses(), this.pulseMs);
    this.pulse.unref();
  }

  load(value: unknown): void {
    const stored = value as StoredNode;
    const node = Node.decode(stored.node);
    this.epochs.set(node.name, stored.epoch);
    this.entries.set(node.name, { node, draining: stored.draining, lost: true });
  }

  /** Takes over from an older stream of the same node, which is fenced. */
  register(call: AgentCall, register: Register): NodeSession {
    const node = register.node ?? Node.create();
    checkName('a node', node.name);
    const epoch = (this.epochs.get(node.name) ?? 0) + 1;
    this.epochs.set(node.name, epoch);
    const known = this.entries.get(node.name);
    const fence = new FarforkError('FENCED', 'coordinator.register', node.name, 'a newer agent registered this node');
    if (known?.session) this.end(known.session, fence, true);
    clearTimeout(known?.lostTimer);
    const session = new NodeSession(call, node.name, epoch);
    const entry: NodeEntry = { node, draining: known?.draining ?? false, lost: false, session };
    this.entries.set(node.name, entry);
    this.saw(entry, node);
    this.save(entry);
    session.registered(this.times.heartbeatMs);
    this.log.info('node registered', { node: node.name, epoch, agentPid: node.agentPid });
    return session;
  }

  heartbeat(session: NodeSession, node: Node | undefined): void {
    const entry = this.entries.get(session.node);
    if (entry?.session === session && node) this.saw(entry, node);
  }

  /** The stream ended, or must end. The node is lost if no new one comes in time. */
  end(session: NodeSession, error: FarforkError, reportsToAgent: boolean): void {
    if (!session.isOpen) return;
    session.close(error, reportsToAgent);
    const entry = this.entries.get(session.node);
    if (entry?.session === session) {
      entry.session = undefined;
      entry.lostTimer = setTimeout(() => this.lose(entry), this.times.lostAfterMs);
      entry.lostTimer.unref();
    }
    this.observer.sessionEnded(session.node, error);
  }

  list(): Node[] {
    return [...this.entries.values()].map((entry) => this.shown(entry));
  }

  get(name: string): Node {
    return this.shown(this.find(name));
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  isLost(name: string): boolean {
    return this.entries.get(name)?.lost ?? true;
  }

  /** For the scheduler: a node without a stream takes nothing. */
  views(childrenOn: (name: string) => number): NodeView[] {
    return [...this.entries.values()].map(({ node, draining, session }) => ({
      name: node.name,
      state: session ? (draining ? 'draining' : 'ready') : 'lost',
      children: childrenOn(node.name),
      memoryAvailableBytes: node.memoryAvailableBytes,
    }));
  }

  /** Durable before it resolves. */
  async drain(name: string, draining: boolean): Promise<Node> {
    const entry = this.find(name);
    entry.draining = draining;
    this.save(entry);
    await this.writer.flush();
    return this.shown(entry);
  }

  /** Rejects with NODE_NOT_FOUND, or as NodeSession.send does. */
  async send(name: string, command: CommandBody, timeoutMs: number): Promise<CommandResult> {
    const { session } = this.find(name);
    if (!session) throw unavailable(name);
    return session.send(command, timeoutMs);
  }

  close(error: FarforkError, reportsToAgents: boolean): void {
    clearInterval(this.pulse);
    for (const entry of this.entries.values()) {
      if (entry.session) this.end(entry.session, error, reportsToAgents);
      clearTimeout(entry.lostTimer);
    }
  }

  private find(name: string): NodeEntry {
    const entry = this.entries.get(name);
    if (entry) return entry;
    throw new FarforkError('NODE_NOT_FOUND', 'coordinator.node', name, 'the cluster has no such node');
  }

  private shown(entry: NodeEntry): Node {
    return { ...entry.node, state: entry.lost ? 'lost' : entry.draining ? 'draining' : 'ready' };
  }

  private saw(entry: NodeEntry, node: Node): void {
    if (entry.session) entry.session.lastSeenMs = Date.now();
    entry.node = { ...node, lastSeenUnixMs: Date.now() };
  }

  private checkPulses(): void {
    const isLate = Date.now() - this.lastPulseMs > 3 * this.pulseMs;
    this.lastPulseMs = Date.now();
    // This process stood still itself: the heartbeats may wait in its sockets.
    if (isLate) return;
    for (const { session } of this.entries.values()) {
      if (!session || Date.now() - session.lastSeenMs <= this.times.lostAfterMs) continue;
      const seen = `no heartbeat for ${this.times.lostAfterMs} ms`;
      const error = new FarforkError('NODE_UNAVAILABLE', 'coordinator.heartbeat', session.node, seen);
      const entry = this.entries.get(session.node);
      this.end(session, error, true);
      if (entry) this.lose(entry);
    }
  }

  private lose(entry: NodeEntry): void {
    clearTimeout(entry.lostTimer);
    if (entry.session || entry.lost) return;
    entry.lost = true;
    this.save(entry);
    this.log.warn('node lost', { node: entry.node.name });
    this.observer.nodeLost(entry.node.name, unavailable(entry.node.name));
  }

  private save(entry: NodeEntry): void {
    const epoch = this.epochs.get(entry.node.name) ?? 0;
    const stored: StoredNode = { node: Node.encode(entry.node), draining: entry.draining, epoch };
    this.writer.put(nodeKey(entry.node.name), stored);
  }
}

export function unavailable(name: string): FarforkError {
  return new FarforkError('NODE_UNAVAILABLE', 'coordinator.node', name, 'its agent is not connected');
}
