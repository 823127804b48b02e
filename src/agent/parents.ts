// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';

import { FarforkError } from '../errors/index.js';
import type { ChildRecord, RunOptions, SpawnerConnection, SpawnerEvent } from '../native/index.js';
import type { Init, Parent, RunParentCommand, SeedWanted } from '../proto/index.js';
import { bundleOf } from './bundle.js';
import { ControlSocket, type Frame } from './control-socket.js';
import { type ParentRecord, ParentRecords } from './parent-records.js';
import { seedWish } from './seed-wish.js';

/** Where an SDK parent finds its control socket. */
const controlFd = 100;
/** A parent that waits in seed() hears something by then, whatever becomes of the coordinator. */
const seedAnswerMs = 60_000;
const sigkill = 9;

interface LiveParent {
  record: ParentRecord;
  seedId: string;
  control?: ControlSocket;
  /** It is blocked in seed(), waiting to learn its role. */
  waiting: boolean;
  timer?: NodeJS.Timeout;
  /** What it asked for. */
  wish?: Init<SeedWanted>;
  /** Its state is being taken. */
  preparing?: boolean;
  /** The spawner has not answered yet. */
  starting?: boolean;
  /** It ended before the spawner's answer came. */
  earlyExit?: number;
}

export interface ParentTableOptions {
  node: string;
  /** Records and logs of parents. */
  folder: string;
  spawner: () => Promise<SpawnerConnection>;
  seedWanted: (wanted: Init<SeedWanted>) => void;
  exited: (name: string, exitCode: number) => void;
  /** The end of the parent with this id was reported. */
  reported: (id: string) => void;
}

/** The parents that `farfork run` started on this node. They outlive the agent. */
export class ParentTable {
  private readonly byId = new Map<string, LiveParent>();
  private readonly records: ParentRecords;

  constructor(private readonly options: ParentTableOptions) {
    this.records = new ParentRecords(options.folder);
  }

  list(): Init<Parent>[] {
    return [...this.byId.values()].filter(({ starting }) => !starting).map((parent) => this.view(parent));
  }

  async run(command: RunParentCommand): Promise<Init<Parent>> {
    const request = command.request;
    if (!request) throw new FarforkError('INVALID_ARGUMENT', 'agent.run', 'run', 'the request is empty');
    if (this.find(request.name)) {
      throw new FarforkError('PARENT_EXISTS', 'agent.run', `parent ${request.name}`, `node ${this.options.node}`);
    }
    const bundle = request.bundle ? bundleOf(request.bundle) : undefined;
    const argv = request.argv.length > 0 ? request.argv : (bundle?.argv ?? []);
    if (argv.length === 0) {
      throw new FarforkError('INVALID_ARGUMENT', 'agent.run', `parent ${request.name}`, 'no command is given');
    }
    const environment = {
      ...(bundle?.env ?? process.env),
      ...request.env,
      FARFORK_CONTROL_FD: String(controlFd),
      FARFORK_PROTOCOL: '1',
      FARFORK_PARENT: request.name,
    };
    const record: ParentRecord = {
      id: command.parentId,
      name: request.name,
      hostPid: 0,
      startedUnixMs: Date.now(),
      controlInode: '0',
    };
    // From here on the name is taken.
    const parent: LiveParent = { record, seedId: '', waiting: false, starting: true };
    this.byId.set(record.id, parent);
    try {
      await this.start(parent, {
        id: record.id,
        argv,
        env: Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])),
        cwd: request.cwd || bundle?.cwd || '/',
        root: bundle?.root ?? '',
        stdinPath: '',
        stdoutPath: join(this.options.folder, `${request.name}.out`),
        stderrPath: join(this.options.folder, `${request.name}.err`),
        hasControl: true,
        controlFd,
      });
    } catch (error) {
      parent.control?.close();
      this.byId.delete(record.id);
      throw error;
    }
    const view = this.view(parent);
    if (parent.earlyExit !== undefined) this.ended(record.id, parent.earlyExit);
    return view;
  }

  private async start(parent: LiveParent, options: RunOptions): Promise<void> {
    const { record } = parent;
    const spawner = await this.options.spawner();
    const reply = await spawner.run(options);
    parent.starting = false;
    Object.assign(record, { hostPid: reply.hostPid, controlInode: String(reply.controlInode) });
    if (reply.controlFd >= 0) {
      parent.control = ControlSocket.fromFd(reply.controlFd, (frame) => {
        this.onFrame(parent, frame);
      });
    }
    try {
      this.records.write(record);
    } catch (error) {
      await this.discard(record.id);
      throw error;
    }
  }

  /** Nobody can name this parent: it must not run on. */
  private async discard(id: string): Promise<void> {
    try {
      await (await this.options.spawner()).kill(id, sigkill);
    } catch {
      // It has ended, or its spawner has.
    }
  }

  async stop(name: string, signal: number): Promise<void> {
    const parent = this.require(name);
    await (await this.options.spawner()).kill(parent.record.id, signal);
  }

  /** What prepare needs to know of a parent. */
  target(name: string): { pid: number; controlInode: bigint } {
    const parent = this.require(name);
    parent.preparing = true;
    const { record } = parent;
    return { pid: record.hostPid, controlInode: BigInt(record.controlInode) };
  }

  /** The control socket's inode of the parent with this pid; 0n: not one of ours. */
  controlInodeOf(pid: number): bigint {
    for (const { record } of this.byId.values()) if (record.hostPid === pid) return BigInt(record.controlInode);
    return 0n;
  }

  /** Tells a parent that waits in seed() how that ended; one that does not wait hears nothing. */
  answer(name: string, outcome: { seedId: string } | { error: FarforkError }): void {
    const parent = this.find(name);
    if (!parent) return;
    parent.preparing = false;
    if ('seedId' in outcome) parent.seedId = outcome.seedId;
    if (!parent.waiting) return;
    parent.waiting = false;
    clearTimeout(parent.timer);
    parent.control?.send(
      'seedId' in outcome
        ? { type: 'role', role: 'parent', seed: outcome.seedId }
        : { type: 'error', code: outcome.error.code, message: outcome.error.message },
    );
  }

  /** A coordinator that may know nothing of them is told again of the parents that wait in seed(). */
  renewWishes(): void {
    for (const { waiting, preparing, wish } of this.byId.values()) {
      if (waiting && !preparing && wish) this.options.seedWanted(wish);
    }
  }

  /** Takes over the parents that an earlier agent started and the spawner still holds. */
  adopt(records: ChildRecord[], discard: (id: string) => void): void {
    const running = new Map(records.filter((record) => !record.seedId).map((record) => [record.id, record]));
    for (const id of this.records.ids()) {
      const found = running.get(id);
      running.delete(id);
      if (this.byId.has(id)) continue;
      const record = found ? this.records.read(id) : undefined;
      if (!found || !record) {
        this.records.remove(id);
        if (found) running.set(id, found);
        continue;
      }
      this.byId.set(id, { record, seedId: '', waiting: false });
      if (found.exited) this.ended(id, found.signal > 0 ? 128 + found.signal : found.exitCode);
    }
    // The agent that started these ended before it could answer: nobody knows their names.
    for (const { id, exited } of running.values()) {
      if (this.byId.has(id)) continue;
      if (exited) this.options.reported(id);
      else discard(id);
    }
  }

  /** Ends those of its own; gives back the other events. */
  onEvents(events: SpawnerEvent[]): SpawnerEvent[] {
    return events.filter((event) => {
      const parent = event.type === 'childExited' ? this.byId.get(event.childId) : undefined;
      if (event.type !== 'childExited' || !parent) return true;
      const exitCode = event.signal > 0 ? 128 + event.signal : event.exitCode;
      if (parent.starting) parent.earlyExit = exitCode;
      else this.ended(event.childId, exitCode);
      return false;
    });
  }

  /** Lets go of everything; parents go on. */
  close(): void {
    for (const parent of this.byId.values()) {
      clearTimeout(parent.timer);
      parent.control?.close();
    }
    this.byId.clear();
  }

  /** Every parent is gone: the spawner was. */
  lostAll(): void {
    for (const [id, { starting }] of [...this.byId]) if (!starting) this.ended(id, 128 + sigkill);
  }

  private ended(id: string, exitCode: number): void {
    const parent = this.byId.get(id);
    if (!parent) return;
    parent.control?.close();
    this.byId.delete(id);
    this.records.remove(id);
    this.options.exited(parent.record.name, exitCode);
    clearTimeout(parent.timer);
    this.options.reported(id);
  }

  private onFrame(parent: LiveParent, frame: Frame): void {
    if (frame.type !== 'seed') return;
    const { name } = parent.record;
    const wish = seedWish(name, frame);
    parent.waiting = true;
    if (wish instanceof FarforkError) {
      this.answer(name, { error: wish });
      return;
    }
    parent.wish = wish;
    clearTimeout(parent.timer);
    parent.timer = setTimeout(() => {
      const seen = `the coordinator did not answer within ${String(seedAnswerMs)} ms`;
      this.answer(name, { error: new FarforkError('DEADLINE_EXCEEDED', 'agent.seed', `parent ${name}`, seen) });
    }, seedAnswerMs).unref();
    this.options.seedWanted(wish);
  }

  private find(name: string): LiveParent | undefined {
    for (const parent of this.byId.values()) if (parent.record.name === name) return parent;
    return undefined;
  }

  private require(name: string): LiveParent {
    const parent = this.find(name);
    if (parent && !parent.starting) return parent;
    throw new FarforkError('PARENT_NOT_FOUND', 'agent.parents', `parent ${name}`, `node ${this.options.node}`);
  }

  private view(parent: LiveParent): Init<Parent> {
    return {
      name: parent.record.name,
      node: this.options.node,
      hostPid: parent.record.hostPid,
      state: 'running',
      hasControl: parent.record.controlInode !== '0',
      startedUnixMs: parent.record.startedUnixMs,
      seedId: parent.seedId,
    };
  }
}
