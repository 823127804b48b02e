// SPDX-License-Identifier: Apache-2.0
import { asFarforkError, FarforkError } from '../errors/index.js';
import type { Logger } from '../log/index.js';
import { Parent, type RunRequest, type SeedWanted } from '../proto/index.js';
import { checkName, invalid, randomId } from './names.js';
import type { NodeRegistry } from './nodes.js';
import { within } from './rpc.js';
import type { SeedEntry } from './seed-table.js';
import { defaultMaxPauseMs, type SeedRegistry } from './seeds.js';
import type { Writer } from './writer.js';

interface ParentEntry {
  parent: Parent;
  waiters: { resolve: (seed: SeedEntry) => void; reject: (error: FarforkError) => void }[];
}

export const parentKey = (name: string): string => `parent/${name}`;
const startMs = 30_000;
const stopMs = 10_000;
const refuseMs = 5000;
const sigterm = 15;
const historyLimit = 1000;

/** The parents that `run` started, by name. */
export class ParentRegistry {
  private readonly entries = new Map<string, ParentEntry>();

  constructor(
    private readonly writer: Writer,
    private readonly log: Logger,
    private readonly nodes: NodeRegistry,
    private readonly seeds: SeedRegistry,
  ) {}

  load(value: unknown): void {
    const parent = Parent.decode(value as Uint8Array);
    this.entries.set(parent.name, { parent, waiters: [] });
  }

  list(): Parent[] {
    return [...this.entries.values()].map(({ parent }) => parent).filter(({ state }) => state !== 'starting');
  }

  /** Throws PARENT_NOT_FOUND. */
  get(name: string): Parent {
    const entry = this.entries.get(name);
    if (entry) return entry.parent;
    throw new FarforkError('PARENT_NOT_FOUND', 'coordinator.parent', name, 'no parent has this name');
  }

  /** Starts it on the node. Durable when it resolves. Rejects with PARENT_EXISTS, or what starting failed with. */
  async run(request: RunRequest, node: string): Promise<Parent> {
    checkName('a parent', request.name);
    if (request.argv.length === 0 && !request.bundle) throw invalid(request.name, 'there is nothing to run');
    const known = this.entries.get(request.name);
    if (known && known.parent.state !== 'exited') {
      throw new FarforkError('PARENT_EXISTS', 'coordinator.run', request.name, `it runs on ${known.parent.node}`);
    }
    const entry: ParentEntry = {
      parent: Parent.create({ name: request.name, node, state: 'starting' }),
      waiters: [],
    };
    this.entries.set(request.name, entry);
    try {
      const result = await this.nodes.send(node, { runParent: { request, parentId: randomId('pa_') } }, startMs);
      if (!result.parent) throw new FarforkError('INTERNAL', 'coordinator.run', node, 'the agent sent no parent');
      // Its end may have been told already.
      const hasExited = entry.parent.state === 'exited';
      const { exitCode, seedId } = entry.parent;
      entry.parent = { ...result.parent, name: request.name, node, state: hasExited ? 'exited' : 'running', seedId };
      if (hasExited) entry.parent.exitCode = exitCode;
    } catch (error) {
      this.entries.delete(request.name);
      if (known) this.entries.set(request.name, known);
      throw error;
    }
    this.save(entry);
    await this.writer.flush();
    return entry.parent;
  }

  /** Resolves once its SDK made it a seed. Rejects with PROCESS_EXITED, or DEADLINE_EXCEEDED after `limitMs`. */
  waitSeed(name: string, limitMs: number): Promise<SeedEntry> {
    const entry = this.entries.get(name);
    const made = entry?.parent.seedId ? this.seeds.table.byIdOnly(entry.parent.seedId) : undefined;
    if (made) return Promise.resolve(made);
    const waiting = new Promise<SeedEntry>((resolve, reject) => {
      if (!entry || entry.parent.state === 'exited') reject(exitedBefore(name, entry?.parent.exitCode ?? -1));
      else entry.waiters.push({ resolve, reject });
    });
    return within(waiting, limitMs, 'coordinator.wait_seed', name);
  }

  async stop(name: string, signal: number): Promise<void> {
    const parent = this.get(name);
    if (parent.state === 'exited') return;
    await this.nodes.send(parent.node, { stopParent: { name, signal: signal || sigterm } }, stopMs);
  }

  /** Its SDK asks to become a seed: it is prepared, or told why not. */
  async seedWanted(node: string, wanted: SeedWanted): Promise<void> {
    try {
      const entry = this.entries.get(wanted.parent);
      if (entry?.parent.node !== node) {
        throw new FarforkError('PARENT_NOT_FOUND', 'coordinator.seed_wanted', wanted.parent, 'it is not known here');
      }
      const seed = await this.seeds.prepare({
        node,
        pid: 0,
        parent: wanted.parent,
        name: wanted.name || wanted.parent,
        nameIsDefault: !wanted.name,
        ttlMs: wanted.ttlMs,
        maxPauseMs: defaultMaxPauseMs,
      });
      entry.parent.seedId = seed.seed.seedId;
      entry.parent.hasControl = true;
      this.save(entry);
      for (const waiter of entry.waiters.splice(0)) waiter.resolve(seed);
    } catch (error) {
      const known = asFarforkError(error, 'coordinator.seed_wanted', wanted.parent);
      this.log.warn('seed refused', { parent: wanted.parent, code: known.code, detail: known.detail });
      const refuseSeed = { parent: wanted.parent, error: known.toDetail() };
      await this.nodes.send(node, { refuseSeed }, refuseMs).catch(() => undefined);
    }
  }

  exited(node: string, name: string, exitCode: number): void {
    const entry = this.entries.get(name);
    if (!entry || entry.parent.node !== node || entry.parent.state === 'exited') return;
    this.finish(entry, exitCode);
  }

  /** The parents as the node's registering agent found them. */
  reconcile(node: string, found: Parent[]): void {
    const running = new Map(found.filter(({ state }) => state !== 'exited').map((parent) => [parent.name, parent]));
    for (const entry of this.entries.values()) {
      if (entry.parent.node !== node || entry.parent.state !== 'running') continue;
      if (!running.has(entry.parent.name)) {
        const said = found.find(({ name }) => name === entry.parent.name);
        this.finish(entry, said?.exitCode ?? -1);
      }
    }
    for (const parent of running.values()) {
      const known = this.entries.get(parent.name);
      if (known && known.parent.state !== 'exited') continue;
      const entry: ParentEntry = { parent: { ...parent, node, state: 'running' }, waiters: [] };
      entry.parent.seedId ||= this.seeds.table.newestOf(parent.name)?.seed.seedId ?? '';
      this.entries.set(parent.name, entry);
      this.save(entry);
    }
  }

  private finish(entry: ParentEntry, exitCode: number): void {
    Object.assign(entry.parent, { state: 'exited', exitCode });
    this.save(entry);
    for (const waiter of entry.waiters.splice(0)) waiter.reject(exitedBefore(entry.parent.name, exitCode));
    const ended = [...this.entries.values()].filter(({ parent }) => parent.state === 'exited');
    for (const { parent } of ended.slice(0, Math.max(0, ended.length - historyLimit))) {
      this.entries.delete(parent.name);
      this.writer.delete(parentKey(parent.name));
    }
  }

  private save(entry: ParentEntry): void {
    if (this.entries.get(entry.parent.name) !== entry) return;
    this.writer.put(parentKey(entry.parent.name), Parent.encode(entry.parent));
  }
}

function exitedBefore(name: string, exitCode: number): FarforkError {
  const seen = `it ended with ${exitCode} before it became a seed`;
  return new FarforkError('PROCESS_EXITED', 'coordinator.wait_seed', name, seen);
}
