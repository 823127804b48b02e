// SPDX-License-Identifier: Apache-2.0
import { FarforkError } from '../errors/index.js';
import { Child, ChildState, type ForkEvent, ForkEventKind, type Init } from '../proto/index.js';
import type { Writer } from './writer.js';

/** Who follows a child: the Fork or Invoke that asked for it. */
export interface ChildFollower {
  onChildEvent: (entry: ChildEntry, event: Init<ForkEvent>) => void;
}

export interface ChildEntry {
  child: Child;
  follower?: ChildFollower | undefined;
  waiters: { resolve: (child: Child) => void; reject: (error: FarforkError) => void }[];
  /** What it said before its start was told. */
  early: ForkEvent[];
  /** Its place is taken in the counts of living children. */
  counted: boolean;
}

export const childKey = (id: string): string => `child/${id}`;
const historyLimit = 10_000;
const lateExitMs = 1000;

/** What the registry needs done elsewhere. */
export interface ChildObserver {
  /** A child started after its request had been told that it failed: it must not run. */
  unwanted: (child: Child) => void;
  /** The last living child of a seed ended. */
  seedIdle: (seedId: string) => void;
}

/** The children: living ones, and the last that ended. Their records are written behind. */
export class ChildRegistry {
  private readonly entries = new Map<string, ChildEntry>();
  /** In the order in which they ended. */
  private readonly ended = new Set<string>();
  private readonly livingBySeed = new Map<string, number>();
  private readonly livingByNode = new Map<string, number>();

  constructor(
    private readonly writer: Writer,
    private readonly observer: ChildObserver,
  ) {}

  load(value: unknown): void {
    const child = Child.decode(value as Uint8Array);
    const entry = this.insert(child);
    // A record is written once it started: what is pending here was never told to anybody.
    if (child.state !== ChildState.CHILD_STATE_STARTED) this.retire(entry);
  }

  add(child: Child, follower: ChildFollower): ChildEntry {
    const entry = this.insert(child);
    entry.follower = follower;
    return entry;
  }

  /** Throws CHILD_NOT_FOUND. */
  get(id: string): ChildEntry {
    const entry = this.entries.get(id);
    if (entry) return entry;
    throw new FarforkError('CHILD_NOT_FOUND', 'coordinator.child', id, 'it never was, or it ended long ago');
  }

  list(): Child[] {
    return [...this.entries.values()].map(({ child }) => child);
  }

  livingOf(seedId: string): number {
    return this.livingBySeed.get(seedId) ?? 0;
  }

  livingOn(node: string): number {
    return this.livingByNode.get(node) ?? 0;
  }

  /** What the child's agent says of it. */
  onEvent(node: string, event: ForkEvent): void {
    const said = event.child;
    if (!said) return;
    const entry = this.entries.get(said.childId);
    if (!entry || entry.child.node !== node) return;
    switch (event.kind) {
      case ForkEventKind.KIND_STARTED:
        return this.started(entry, said);
      case ForkEventKind.KIND_FAILED:
        return this.fail(entry, said.error ?? new FarforkError('INTERNAL', 'agent', said.childId, 'no reason given'));
      case ForkEventKind.KIND_EXITED:
        return this.exited(entry, said);
      case ForkEventKind.KIND_REPLIED:
      case ForkEventKind.KIND_OUTPUT:
        return this.spoke(entry, event, said);
      case ForkEventKind.KIND_UNSPECIFIED:
        return;
    }
  }

  /** It never runs, or must not: the first of STARTED and FAILED counts. */
  fail(entry: ChildEntry, error: { code: string; stage: string; object: string; detail: string }): void {
    if (entry.child.state !== ChildState.CHILD_STATE_PENDING) return;
    const { code, stage, object, detail } = error;
    entry.child.state = ChildState.CHILD_STATE_FAILED;
    entry.child.error = { code, stage, object, detail };
    this.tell(entry, ForkEventKind.KIND_FAILED);
    this.settle(entry);
  }

  /**
   * The children as the node's registering agent found them. What it does not know has ended unseen; exits that nobody
   * was told of may follow as events, so those get a moment first.
   */
  reconcile(node: string, found: Child[]): void {
    const known = new Map(found.map((child) => [child.childId, child]));
    const missing: ChildEntry[] = [];
    for (const entry of [...this.entries.values()]) {
      if (entry.child.node !== node) continue;
      const said = known.get(entry.child.childId);
      known.delete(entry.child.childId);
      if (!said && entry.child.state === ChildState.CHILD_STATE_STARTED) missing.push(entry);
      if (!said) continue;
      const hasEnded = said.state === ChildState.CHILD_STATE_EXITED || said.state === ChildState.CHILD_STATE_FAILED;
      if (hasEnded) this.exited(entry, said);
      else this.started(entry, said);
    }
    for (const child of known.values()) {
      if (child.state === ChildState.CHILD_STATE_STARTED) this.adopt({ ...child, node });
    }
    if (missing.length > 0) setTimeout(() => missing.forEach((entry) => this.vanish(entry)), lateExitMs).unref();
  }

  /** Nobody knows how these go on: whoever follows or waits is told so; the records stay. */
  nodeLost(node: string, error: FarforkError): void {
    for (const entry of [...this.entries.values()]) {
      if (entry.child.node !== node) continue;
      if (entry.child.state === ChildState.CHILD_STATE_PENDING) this.fail(entry, error);
      if (entry.child.state !== ChildState.CHILD_STATE_STARTED) continue;
      const child = { ...entry.child, exitCode: -1, error: error.toDetail() };
      entry.follower?.onChildEvent(entry, { kind: ForkEventKind.KIND_EXITED, child });
      entry.follower = undefined;
      for (const waiter of entry.waiters.splice(0)) waiter.reject(error);
    }
  }

  /** The stream to the node ended: what has not started by now counts as failed. */
  sessionEnded(node: string, error: FarforkError): void {
    for (const entry of [...this.entries.values()]) if (entry.child.node === node) this.fail(entry, error);
  }

  /** Its words came by another socket than its start: they are told after it. */
  private spoke(entry: ChildEntry, event: ForkEvent, said: Child): void {
    if (entry.child.state === ChildState.CHILD_STATE_PENDING) {
      entry.early.push(event);
      return;
    }
    const child = { ...entry.child, error: said.error };
    if (event.kind === ForkEventKind.KIND_REPLIED) child.state = ChildState.CHILD_STATE_REPLIED;
    entry.follower?.onChildEvent(entry, { ...event, child });
  }

  private started(entry: ChildEntry, said: Child): void {
    if (entry.child.state === ChildState.CHILD_STATE_FAILED) return this.observer.unwanted(entry.child);
    if (entry.child.state !== ChildState.CHILD_STATE_PENDING) return;
    const { seedId, node, index } = entry.child;
    entry.child = { ...said, seedId, node, index, state: ChildState.CHILD_STATE_STARTED };
    this.writer.put(childKey(said.childId), Child.encode(entry.child));
    this.tell(entry, ForkEventKind.KIND_STARTED);
    for (const event of entry.early.splice(0)) if (event.child) this.spoke(entry, event, event.child);
  }

  private exited(entry: ChildEntry, said: Child): void {
    // Its STARTED was lost with a stream, and it was told to have failed.
    if (entry.child.state !== ChildState.CHILD_STATE_STARTED) return;
    const { exitCode, signal, error } = said;
    const state = error?.code ? ChildState.CHILD_STATE_FAILED : ChildState.CHILD_STATE_EXITED;
    Object.assign(entry.child, { exitCode, signal, error, state });
    this.tell(entry, ForkEventKind.KIND_EXITED);
    this.settle(entry);
  }

  private vanish(entry: ChildEntry): void {
    const { childId, state } = entry.child;
    if (state !== ChildState.CHILD_STATE_STARTED) return;
    const seen = 'it ended while nobody watched; how is not known';
    const error = new FarforkError('SPAWNER_LOST', 'coordinator.reconcile', childId, seen).toDetail();
    Object.assign(entry.child, { exitCode: -1, error, state: ChildState.CHILD_STATE_FAILED });
    this.tell(entry, ForkEventKind.KIND_EXITED);
    this.settle(entry);
  }

  private adopt(child: Child): void {
    this.insert(child);
    this.writer.put(childKey(child.childId), Child.encode(child));
  }

  private insert(child: Child): ChildEntry {
    const entry: ChildEntry = { child, waiters: [], early: [], counted: true };
    this.entries.set(child.childId, entry);
    this.livingBySeed.set(child.seedId, this.livingOf(child.seedId) + 1);
    this.livingByNode.set(child.node, this.livingOn(child.node) + 1);
    return entry;
  }

  private tell(entry: ChildEntry, kind: ForkEventKind): void {
    // A copy: the follower may send it later than the next change.
    entry.follower?.onChildEvent(entry, { kind, child: { ...entry.child } });
  }

  private settle(entry: ChildEntry): void {
    this.writer.put(childKey(entry.child.childId), Child.encode(entry.child));
    entry.follower = undefined;
    for (const waiter of entry.waiters.splice(0)) waiter.resolve(entry.child);
    this.retire(entry);
  }

  private retire(entry: ChildEntry): void {
    const { childId, seedId, node } = entry.child;
    if (!entry.counted) return;
    entry.counted = false;
    decrement(this.livingBySeed, seedId);
    decrement(this.livingByNode, node);
    this.ended.add(childId);
    while (this.ended.size > historyLimit) {
      const [oldest = ''] = this.ended;
      this.ended.delete(oldest);
      this.entries.delete(oldest);
      this.writer.delete(childKey(oldest));
    }
    if (this.livingOf(seedId) === 0) this.observer.seedIdle(seedId);
  }
}

function decrement(counts: Map<string, number>, key: string): void {
  const left = (counts.get(key) ?? 0) - 1;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}
