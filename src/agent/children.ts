// SPDX-License-Identifier: Apache-2.0
import { asFarforkError, FarforkError, fromNative } from '../errors/index.js';
import type { ChildRecord, NativeError, SpawnerConnection, SpawnerEvent } from '../native/index.js';
import {
  type Child,
  ChildState,
  type ForkCommand,
  type ForkCommandChild,
  type ForkEvent,
  ForkEventKind,
  type Init,
} from '../proto/index.js';
import { BatchInputs } from './batch-inputs.js';
import { replyEvent } from './child-reply.js';
import { ControlSocket, type Frame } from './control-socket.js';
import { ForkBatch, forkOptions, tooLate } from './fork-batch.js';
import { followOutput, type OutputTail } from './output-tail.js';
import { type OutputPaths, Outputs } from './outputs.js';

const sigkill = 9;

interface LiveChild {
  info: Init<Child> & { childId: string; seedId: string };
  control?: ControlSocket;
  tails: OutputTail[];
  streamsOutput: boolean;
  /** Until it has started or failed. */
  batch?: ForkBatch;
}

export interface ChildTableOptions {
  node: string;
  /** The standard input of batches. */
  folder: string;
  spawnerPid: () => number;
  spawner: () => Promise<SpawnerConnection>;
  /** Opens the batch's seed anew: the spawner lost it. */
  reopen: (command: ForkCommand) => Promise<void>;
  /** The end of this child was reported, and its output is not kept any more: its record in the spawner can go. */
  forget: (childId: string) => void;
  emit: (events: Init<ForkEvent>[]) => void;
}

/** The children of this node, from fork to exit. */
export class ChildTable {
  private readonly live = new Map<string, LiveChild>();
  private readonly inputs: BatchInputs;
  private readonly outputs: Outputs;

  constructor(private readonly options: ChildTableOptions) {
    this.inputs = new BatchInputs(options.folder);
    this.outputs = new Outputs(options.forget);
  }

  get count(): number {
    return this.live.size;
  }

  /** Those that run. One that has not started yet says so by an event. */
  list(): Init<Child>[] {
    const all = [...this.live.values()].map((child) => ({ ...child.info }));
    return all.filter(({ state }) => state === ChildState.CHILD_STATE_STARTED);
  }

  /** What is kept of its output from `offset` on. Throws CHILD_NOT_FOUND. */
  readOutput(childId: string, fd: number, offset: number, maxBytes: number): { data: Buffer; offset: number } {
    return this.outputs.read(childId, fd, offset, maxBytes);
  }

  /**
   * Sends a batch to the spawner. It never throws: each child ends in STARTED or FAILED within the command's deadline,
   * which counts from `requestedAtNs`, also when the spawner says nothing.
   */
  async fork(command: ForkCommand, requestedAtNs: bigint): Promise<void> {
    const ids = command.children.map((child) => child.childId);
    const batch = new ForkBatch(ids, command.deadlineMs, requestedAtNs, {
      late: (late) => void this.failLate(late, command),
      settled: () => this.inputs.remove(batch.stdinPath),
    });
    for (const child of command.children) this.add(command, child, batch);
    try {
      batch.stdinPath = this.inputs.write(command.seedId, command.stdin);
      await this.send(command, batch).catch(async (error: unknown) => {
        if (asFarforkError(error).code !== 'SEED_NOT_OPEN') throw error;
        await this.options.reopen(command);
        await this.send(command, batch);
      });
    } catch (error) {
      this.failAll(ids, asFarforkError(error, 'agent.fork', `seed ${command.seedId}`));
    }
  }

  /** Every child is gone: its spawner was. */
  lostAll(error: FarforkError): void {
    const events = [...this.live.values()].map((child) => {
      const started = child.info.state === ChildState.CHILD_STATE_STARTED;
      const kind = started ? ForkEventKind.KIND_EXITED : ForkEventKind.KIND_FAILED;
      return this.ended(child, kind, ChildState.CHILD_STATE_FAILED, error);
    });
    this.options.emit(events);
    this.outputs.clear();
  }

  /** Takes over what an earlier agent's spawner still holds. Ended ones are reported once and forgotten. */
  adopt(records: ChildRecord[]): void {
    for (const record of records) {
      if (!record.seedId || this.live.has(record.id)) continue;
      if (record.stdoutFd >= 0) this.keepOutput(record.id, record.stdoutFd, record.stderrFd);
      const child = this.insert({
        childId: record.id,
        seedId: record.seedId,
        node: this.options.node,
        pid: record.pid,
        hostPid: record.hostPid,
        state: record.hostPid > 0 ? ChildState.CHILD_STATE_STARTED : ChildState.CHILD_STATE_PENDING,
        startedUnixMs: record.startedAtUnixMs,
      });
      if (record.exited) this.exited(child, record.exitCode, record.signal, null);
    }
  }

  /** Ends those that the spawner lists as ended: an earlier agent may have been told of the exit, and no other is. */
  settle(records: ChildRecord[]): void {
    for (const record of records) {
      const child = record.exited ? this.live.get(record.id) : undefined;
      if (child) this.exited(child, record.exitCode, record.signal, null);
    }
  }

  /** Lets go of everything; children go on. */
  close(): void {
    for (const { tails, control, batch } of this.live.values()) {
      for (const tail of tails) tail.stop();
      control?.close();
      batch?.close();
    }
    this.live.clear();
  }

  async kill(childId: string, signal: number): Promise<void> {
    if (!this.live.has(childId)) {
      throw new FarforkError('CHILD_NOT_FOUND', 'agent.kill', `child ${childId}`, 'it is not running on this node');
    }
    await (await this.options.spawner()).kill(childId, signal);
  }

  /** Spawner events about children, in their order; others are ignored. */
  onEvents(events: SpawnerEvent[]): void {
    const out: Init<ForkEvent>[] = [];
    const flush = (): void => {
      if (out.length > 0) this.options.emit(out.splice(0));
    };
    for (const event of events) {
      if (event.type === 'childStarted') {
        const child = this.live.get(event.childId);
        if (child) out.push(this.started(child, event));
        else void this.discard(event.childId);
      } else if (event.type === 'childFailed') {
        const child = this.live.get(event.childId);
        const error = fromNative(event.error);
        if (child) out.push(this.ended(child, ForkEventKind.KIND_FAILED, ChildState.CHILD_STATE_FAILED, error));
        else this.options.forget(event.childId);
      } else if (event.type === 'childExited') {
        flush();
        const child = this.live.get(event.childId);
        if (child) this.exited(child, event.exitCode, event.signal, event.error);
        else this.options.forget(event.childId);
      }
    }
    flush();
  }

  private async send(command: ForkCommand, batch: ForkBatch): Promise<void> {
    const spawner = await this.options.spawner();
    if (batch.remainingMs() <= 0) throw tooLate(command, 'no time was left to start it');
    // Those that were given up while the spawner was away are not sent.
    const children = command.children.filter((child) => this.live.has(child.childId));
    if (children.length === 0) return;
    const sockets = await spawner.fork(forkOptions(command, children, batch));
    children.forEach((child, index) => {
      const fd = sockets[index] ?? -1;
      if (fd >= 0) this.control(command, child, fd);
    });
  }

  /** Those that have not started, nor will. */
  private failAll(childIds: string[], error: FarforkError): void {
    const unstarted = childIds.flatMap((childId) => {
      const child = this.live.get(childId);
      return child?.info.state === ChildState.CHILD_STATE_PENDING ? [child] : [];
    });
    const [kind, state] = [ForkEventKind.KIND_FAILED, ChildState.CHILD_STATE_FAILED] as const;
    this.options.emit(unstarted.map((child) => this.ended(child, kind, state, error)));
  }

  /** The spawner was silent about these for too long. Should it start them yet, they are killed. */
  private async failLate(childIds: string[], command: ForkCommand): Promise<void> {
    this.failAll(childIds, tooLate(command, 'the spawner did not say in time what became of it'));
    for (const childId of childIds) await this.discard(childId);
  }

  /** A child that nobody asks for any more must not run. It may never have been, or have ended. */
  private async discard(childId: string): Promise<void> {
    const spawner = await this.options.spawner().catch(() => undefined);
    await spawner?.kill(childId, sigkill).catch(() => undefined);
  }

  private add(command: ForkCommand, child: ForkCommandChild, batch: ForkBatch): void {
    const live = this.insert({
      childId: child.childId,
      seedId: command.seedId,
      node: this.options.node,
      index: child.index,
      state: ChildState.CHILD_STATE_PENDING,
    });
    live.batch = batch;
    live.streamsOutput = command.streamOutput;
  }

  private keepOutput(childId: string, stdoutFd: number, stderrFd: number): OutputPaths {
    return this.outputs.started(childId, this.options.spawnerPid(), stdoutFd, stderrFd);
  }

  private insert(info: LiveChild['info']): LiveChild {
    const live: LiveChild = { info, tails: [], streamsOutput: false };
    this.live.set(info.childId, live);
    return live;
  }

  private control(command: ForkCommand, request: ForkCommandChild, fd: number): void {
    const child = this.live.get(request.childId);
    const socket = ControlSocket.fromFd(fd, (frame) => {
      if (child) this.replied(child, frame);
    });
    if (!child) {
      socket.close();
      return;
    }
    child.control = socket;
    const input = request.input.length > 0 ? request.input : command.sharedInput;
    socket.send({
      type: 'role',
      role: 'child',
      seed: command.seedId,
      child: request.childId,
      index: request.index,
      input: input.length > 0 ? Buffer.from(input) : null,
    });
  }

  private replied(child: LiveChild, frame: Frame): void {
    const event = replyEvent(child.info, frame);
    if (event) this.options.emit([event]);
  }

  private started(child: LiveChild, event: Extract<SpawnerEvent, { type: 'childStarted' }>): Init<ForkEvent> {
    Object.assign(child.info, {
      pid: event.pid,
      hostPid: event.hostPid,
      state: ChildState.CHILD_STATE_STARTED,
      startedUnixMs: Date.now(),
      resumeMs: Number(event.firstInstructionNs - event.requestedAtNs) / 1e6,
    });
    const paths = this.keepOutput(event.childId, event.stdoutFd, event.stderrFd);
    if (child.streamsOutput) {
      child.tails = followOutput(paths, (outputFd, output) => {
        this.options.emit([{ kind: ForkEventKind.KIND_OUTPUT, child: { ...child.info }, output, outputFd }]);
      });
    }
    child.batch?.settle(event.childId);
    delete child.batch;
    return { kind: ForkEventKind.KIND_STARTED, child: { ...child.info } };
  }

  private exited(child: LiveChild, exitCode: number, signal: number, error: NativeError | null): void {
    const finish = (): void => {
      if (!this.live.has(child.info.childId)) return;
      Object.assign(child.info, { exitCode: signal > 0 ? 128 + signal : exitCode, signal });
      const state = error ? ChildState.CHILD_STATE_FAILED : ChildState.CHILD_STATE_EXITED;
      const known = error ? fromNative(error) : undefined;
      this.options.emit([this.ended(child, ForkEventKind.KIND_EXITED, state, known)]);
    };
    if (!child.control) {
      finish();
      return;
    }
    // Its reply may still be in the socket: REPLIED comes before EXITED.
    void child.control.lastWords().then(finish);
  }

  private ended(child: LiveChild, kind: ForkEventKind, state: ChildState, error?: FarforkError): Init<ForkEvent> {
    for (const tail of child.tails) tail.stop();
    child.control?.close();
    child.batch?.settle(child.info.childId);
    this.live.delete(child.info.childId);
    this.outputs.childEnded(child.info.childId);
    Object.assign(child.info, { state, ...(error ? { error: error.toDetail() } : {}) });
    return { kind, child: { ...child.info } };
  }
}
