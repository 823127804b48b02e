// SPDX-License-Identifier: Apache-2.0
import { asFarforkError, FarforkError, fromDetail } from '../errors/index.js';
import type { Logger } from '../log/index.js';
import {
  Child,
  ChildState,
  type ErrorDetail,
  type ForkCommandChild,
  type ForkEvent,
  ForkEventKind,
  type ForkRequest,
  type Init,
  type InvokeRequest,
  type InvokeResponse,
} from '../proto/index.js';
import { place, type Placement } from '../scheduler/index.js';
import type { ChildEntry, ChildRegistry } from './children.js';
import { ForkRun, type ForkRunOptions } from './fork-run.js';
import { invalid, randomId } from './names.js';
import type { NodeRegistry } from './nodes.js';
import { within } from './rpc.js';
import type { SeedEntry } from './seed-table.js';
import type { SeedRegistry } from './seeds.js';

export const defaultStartMs = 10_000;
export const defaultInvokeMs = 30_000;
const maxCount = 100_000;
const maxStartMs = 3_600_000;
/** Of inputs in one command; a larger batch is several. */
const maxCommandBytes = 16 << 20;
const killMs = 5000;
/** What a child may still do after its reply. */
const replyGraceMs = 1000;
const sigkill = 9;

/** Fork and Invoke: placement, one command a node, and the children's run. */
export class Forks {
  constructor(
    private readonly nodes: NodeRegistry,
    private readonly seeds: SeedRegistry,
    private readonly children: ChildRegistry,
    private readonly log: Logger,
  ) {}

  /** Starts the children. Throws when none can be tried; a child's own failure is an event. */
  fork(request: ForkRequest, onEvents: ForkRunOptions['onEvents']): ForkRun {
    const seed = this.seeds.table.findUsable(request.seed, request.key);
    const count = request.count || 1;
    checkRequest(request, seed, count);
    const nodes = this.place(count, request.nodes, seed);
    const follows = request.wait || request.streamOutput;
    const startDeadlineMs = Math.min(request.deadlineMs || defaultStartMs, maxStartMs);
    const until = follows ? 'ended' : request.wantReplies ? 'replied' : 'started';
    const run = new ForkRun(this.children, { until, startDeadlineMs, onEvents });
    const entries = nodes.map((node, index) => this.newChild(seed, node, index, run));
    run.begin(entries);
    for (const [node, batch] of groupByNode(entries)) this.send(node, batch, run, request, seed, startDeadlineMs);
    this.seeds.leases.used(seed);
    return run;
  }

  /** One child, one input, one reply. Rejects with what the child failed with, CHILD_EXITED or CHILD_REPLIED_ERROR. */
  async invoke(request: InvokeRequest): Promise<Init<InvokeResponse>> {
    const { table } = this.seeds;
    const { seed } = table.findUsable(request.seed, Buffer.alloc(0));
    if (!seed.hasControl) throw noControl(seed.seedId);
    const limitMs = request.timeoutMs || defaultInvokeMs;
    let response: Init<InvokeResponse> | undefined;
    let failure: FarforkError | undefined;
    let started: Init<Child> | undefined;
    const onEvents = (events: Init<ForkEvent>[]): void => {
      for (const event of events) {
        started = event.child ?? started;
        if (event.kind === ForkEventKind.KIND_REPLIED && !event.child?.error?.code) {
          response ??= { reply: event.output ?? Buffer.alloc(0), child: event.child };
        } else {
          failure ??= whyNoReply(event);
        }
      }
    };
    const forked = forkRequestOf(request, limitMs);
    const run = this.fork(forked, onEvents);
    const childId = run.childIds[0] ?? '';
    try {
      await within(run.done, limitMs, 'coordinator.invoke', childId);
    } catch (error) {
      this.kill(childId);
      throw error;
    }
    if (!response) throw failure ?? new FarforkError('INTERNAL', 'coordinator.invoke', childId, 'no reply, no failure');
    setTimeout(() => this.kill(childId), replyGraceMs).unref();
    return response;
  }

  /** SIGKILL, if it lives; what the agent answers does not matter. */
  kill(childId: string): void {
    let node: string;
    try {
      const { child } = this.children.get(childId);
      if (child.state === ChildState.CHILD_STATE_EXITED) return;
      node = child.node;
    } catch {
      return;
    }
    this.nodes.send(node, { kill: { childId, signal: sigkill } }, killMs).catch((error: unknown) => {
      this.log.debug('child not killed', { child: childId, error: String(error) });
    });
  }

  /** Throws NODE_NOT_FOUND, NODE_DRAINING, NODE_UNAVAILABLE, NO_CAPACITY. */
  place(count: number, pinned: string[], seed: SeedEntry | undefined): string[] {
    const snapshot = { nodes: this.nodes.views((name) => this.children.livingOn(name)) };
    const openOn = new Set(seed?.seed.openNodes);
    const placement: Placement = place(snapshot, { count, nodes: pinned, openOn });
    if (placement.ok) return placement.nodes;
    throw new FarforkError(placement.code, 'scheduler.place', placement.object, placement.detail);
  }

  private newChild({ seed }: SeedEntry, node: string, index: number, run: ForkRun): ChildEntry {
    const childId = randomId('ch_');
    const state = ChildState.CHILD_STATE_PENDING;
    return this.children.add(Child.create({ childId, seedId: seed.seedId, node, index, state }), run);
  }

  /** The commands for one node; a command that fails fails its children, and no others. */
  private send(
    node: string,
    entries: ChildEntry[],
    run: ForkRun,
    request: ForkRequest,
    { seed, key }: SeedEntry,
    deadlineMs: number,
  ): void {
    const origin = this.nodes.has(seed.node) ? this.nodes.get(seed.node) : undefined;
    const common = {
      seedId: seed.seedId,
      key,
      leaseEpoch: seed.leaseEpoch,
      sourceHost: origin?.fabricHost ?? '',
      sourcePort: origin?.fabricPort ?? 0,
      stdin: request.stdin,
      inheritFiles: request.inheritFiles,
      inheritStdio: request.inheritStdio,
      deadlineMs,
      hasControl: seed.hasControl,
      streamOutput: request.streamOutput,
      sharedInput: request.inputs.length === 1 ? (request.inputs[0] ?? Buffer.alloc(0)) : Buffer.alloc(0),
    };
    for (const batch of splitBySize(entries, request.inputs)) {
      const children = batch.map(({ child }) => commandChild(child, request.inputs));
      this.nodes.send(node, { fork: { ...common, children } }, deadlineMs).then(
        () => this.seeds.opened(seed.seedId, node),
        (error: unknown) => run.failAll(asFarforkError(error, 'coordinator.fork'), batch),
      );
    }
  }
}

function noControl(seedId: string): FarforkError {
  const seen = 'no SDK made this seed, so its children take no input and give no reply';
  return new FarforkError('NO_CONTROL_SOCKET', 'coordinator.fork', seedId, seen);
}

function checkRequest(request: ForkRequest, { seed }: SeedEntry, count: number): void {
  if (count > maxCount) throw invalid(`count ${count}`, `one request starts at most ${maxCount} children`);
  const inputs = request.inputs.length;
  if (inputs > 1 && inputs !== count) throw invalid(`${inputs} inputs`, `give none, one for all, or ${count}`);
  if ((inputs > 0 || request.wantReplies) && !seed.hasControl) throw noControl(seed.seedId);
}

function commandChild(child: Child, inputs: Uint8Array[]): Init<ForkCommandChild> {
  const own = inputs.length > 1 ? inputs[child.index] : undefined;
  return { childId: child.childId, index: child.index, input: own };
}

function groupByNode(entries: ChildEntry[]): Map<string, ChildEntry[]> {
  const groups = new Map<string, ChildEntry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.child.node);
    if (group) group.push(entry);
    else groups.set(entry.child.node, [entry]);
  }
  return groups;
}

function splitBySize(entries: ChildEntry[], inputs: Uint8Array[]): ChildEntry[][] {
  const batches: ChildEntry[][] = [[]];
  let bytes = 0;
  for (const entry of entries) {
    const size = inputs.length > 1 ? (inputs[entry.child.index]?.length ?? 0) : 0;
    if (bytes > 0 && bytes + size > maxCommandBytes) {
      batches.push([]);
      bytes = 0;
    }
    bytes += size;
    batches.at(-1)?.push(entry);
  }
  return batches;
}

function forkRequestOf(request: InvokeRequest, limitMs: number): ForkRequest {
  return {
    seed: request.seed,
    count: 1,
    nodes: request.node ? [request.node] : [],
    key: Buffer.alloc(0),
    inputs: request.input.length > 0 ? [request.input] : [],
    stdin: Buffer.alloc(0),
    wait: false,
    streamOutput: false,
    inheritFiles: true,
    inheritStdio: false,
    deadlineMs: Math.min(limitMs, defaultStartMs),
    wantReplies: true,
  };
}

function whyNoReply(event: Init<ForkEvent>): FarforkError | undefined {
  const child = event.child;
  if (!child || event.kind === ForkEventKind.KIND_STARTED || event.kind === ForkEventKind.KIND_OUTPUT) return undefined;
  if (child.error?.code) return fromDetail(child.error as ErrorDetail);
  const how = child.signal ? `signal ${child.signal}` : `exit code ${child.exitCode ?? 0}`;
  return new FarforkError('CHILD_EXITED', 'coordinator.invoke', child.childId ?? '', how);
}
