// SPDX-License-Identifier: Apache-2.0
import { FarforkError } from '../../errors/index.js';
import {
  ChildService,
  NodeService,
  ParentService,
  SeedService,
  type Child,
  type ChildLogsResponse,
  type ForkEvent,
  type ForkRequest,
  type Init,
  type InvokeRequest,
  type ListChildrenRequest,
  type Method,
  type Node,
  type Parent,
  type PrepareRequest,
  type RunRequest,
  Seed,
} from '../../proto/index.js';
import { Channel, type CallOptions } from './channel.js';
import { packValue, unpackValue } from './payload.js';

export { ChildState, ForkEventKind } from '../../proto/index.js';
export type {
  Child,
  ChildLogsResponse,
  ErrorDetail,
  ForkEvent,
  Node,
  NodeSeedStats,
  Parent,
  Seed,
} from '../../proto/index.js';
export type { CallOptions } from './channel.js';

export interface ConnectOptions {
  /** For each call that does not say otherwise; 30000 when absent. Calls that wait for something add that wait. */
  timeoutMs?: number | undefined;
  /** 5000 when absent. */
  connectTimeoutMs?: number | undefined;
}

export type RunOptions = Init<RunRequest> & { name: string };
export type PrepareOptions = Init<PrepareRequest>;
export type ForkRequestOptions = Init<ForkRequest> & { seed: string };
export type InvokeRequestOptions = Init<InvokeRequest> & { seed: string };

const TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 5000;
const INVOKE_TIMEOUT_MS = 30_000;
const START_DEADLINE_MS = 10_000;
/** For streams and waits that the caller did not bound. */
const LONG_MS = 24 * 60 * 60 * 1000;
/** The service has its own deadline for what it waits for; its error says more than a bare DEADLINE_EXCEEDED. */
const GRACE_MS = 5000;
const SIGTERM = 15;
const SIGKILL = 9;

/**
 * Connects to a cluster. `endpoint`: HOST:PORT of its coordinator, or unix:/PATH.
 * Rejects with UNAVAILABLE when nothing answers there.
 */
export async function connect(endpoint: string, options: ConnectOptions = {}): Promise<Client> {
  const channel = new Channel(endpoint);
  try {
    await channel.connected(options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
  } catch (error) {
    channel.close();
    throw error;
  }
  return new Client(channel, options.timeoutMs);
}

/** A cluster. Calls reject with, and streams throw, a FarforkError. `seed` is an id or a name everywhere. */
export class Client {
  /** Use connect(). */
  constructor(
    private readonly channel: Channel,
    private readonly timeoutMs: number | undefined,
  ) {}

  /**
   * Starts a parent. With `waitSeedMs`, waits that long until its SDK made it a seed; without it the seed's fields have
   * their zero values (`seedId` is empty).
   */
  async run(request: RunOptions, options: CallOptions = {}): Promise<{ parent: Parent; seed: Seed }> {
    const response = await this.unary(ParentService.run, request, options, request.waitSeedMs);
    return { parent: present(response.parent, 'parent'), seed: response.seed ?? Seed.create() };
  }

  async listParents(options: CallOptions = {}): Promise<Parent[]> {
    return (await this.unary(ParentService.list, {}, options)).parents;
  }

  async stopParent(name: string, signal: number = SIGTERM, options: CallOptions = {}): Promise<void> {
    await this.unary(ParentService.stop, { name, signal }, options);
  }

  /** Makes a seed of a running process (`pid`) or of a parent (`parent`). */
  async prepare(request: PrepareOptions, options: CallOptions = {}): Promise<Seed> {
    return present((await this.unary(SeedService.prepare, request, options, request.maxPauseMs)).seed, 'seed');
  }

  async listSeeds(options: CallOptions = {}): Promise<Seed[]> {
    return (await this.unary(SeedService.list, {}, options)).seeds;
  }

  /** One seed, with its statistics on each node. */
  async getSeed(seed: string, options: CallOptions = {}): Promise<Seed> {
    return present((await this.unary(SeedService.get, { seed }, options)).seed, 'seed');
  }

  /** Refused with SEED_IN_USE while children depend on it, unless `force`, which ends them. */
  async removeSeed(seed: string, options: CallOptions & { force?: boolean } = {}): Promise<void> {
    await this.unary(SeedService.remove, { seed, force: options.force ?? false }, options);
  }

  /** The lease ends `ttlMs` from now. */
  async renewSeed(seed: string, ttlMs: number, options: CallOptions = {}): Promise<Seed> {
    return present((await this.unary(SeedService.renew, { seed, ttlMs }, options)).seed, 'seed');
  }

  /**
   * Resumes children; yields each one's events as they come, STARTED or FAILED first. One child's failure does not
   * fail the batch. Ends when every child has started or failed; with `wait`, when every child ended; with
   * `wantReplies`, when every child replied or ended.
   */
  async *fork(request: ForkRequestOptions, options: CallOptions = {}): AsyncGenerator<ForkEvent, void, undefined> {
    const isLong = (request.wait ?? false) || (request.wantReplies ?? false) || (request.streamOutput ?? false);
    const startMs = (request.deadlineMs ?? 0) || START_DEADLINE_MS;
    const timeoutMs = options.timeoutMs ?? this.timeoutMs ?? (isLong ? LONG_MS : startMs + GRACE_MS);
    // What the parent has open stays open, unless the caller says otherwise: nothing is dropped in silence.
    const full = { inheritFiles: true, ...request };
    for await (const response of this.channel.stream(ChildService.fork, full, { ...options, timeoutMs })) {
      yield* response.events;
    }
  }

  /** Forks one child for one request. `input` and the reply are MessagePack: see call(). */
  async invoke(request: InvokeRequestOptions, options: CallOptions = {}): Promise<{ reply: Uint8Array; child: Child }> {
    const timeoutMs = (request.timeoutMs ?? 0) || options.timeoutMs || (this.timeoutMs ?? INVOKE_TIMEOUT_MS);
    const callOptions = { ...options, timeoutMs: timeoutMs + GRACE_MS };
    const response = await this.channel.unary(ChildService.invoke, { ...request, timeoutMs }, callOptions);
    return { reply: response.reply, child: present(response.child, 'child') };
  }

  /** invoke() with values: what the handler of the seed's parent answers to `value`. */
  async call(seed: string, value: unknown, options: CallOptions & { node?: string } = {}): Promise<unknown> {
    const request = { seed, input: packValue(value), node: options.node ?? '' };
    return unpackValue((await this.invoke(request, options)).reply);
  }

  async listChildren(filter: Init<ListChildrenRequest> = {}, options: CallOptions = {}): Promise<Child[]> {
    return (await this.unary(ChildService.list, filter, options)).children;
  }

  async killChild(childId: string, signal: number = SIGKILL, options: CallOptions = {}): Promise<void> {
    await this.unary(ChildService.kill, { childId, signal }, options);
  }

  /** Waits until the child ended; DEADLINE_EXCEEDED after `timeoutMs`. */
  async waitChild(childId: string, timeoutMs?: number, options: CallOptions = {}): Promise<Child> {
    const waitMs = timeoutMs ?? this.timeoutMs ?? LONG_MS;
    const callOptions = { ...options, timeoutMs: options.timeoutMs ?? waitMs + GRACE_MS };
    const response = await this.channel.unary(ChildService.wait, { childId, timeoutMs: waitMs }, callOptions);
    return present(response.child, 'child');
  }

  /** What the child wrote so far, `fd` 1 or 2; with `follow`, until it ends. */
  childLogs(
    childId: string,
    options: CallOptions & { follow?: boolean } = {},
  ): AsyncGenerator<ChildLogsResponse, void, undefined> {
    const follow = options.follow ?? false;
    const timeoutMs = options.timeoutMs ?? this.timeoutMs ?? (follow ? LONG_MS : TIMEOUT_MS);
    return this.channel.stream(ChildService.logs, { childId, follow }, { ...options, timeoutMs });
  }

  async listNodes(options: CallOptions = {}): Promise<Node[]> {
    return (await this.unary(NodeService.list, {}, options)).nodes;
  }

  /** No new children go to a drained node; `undrain` takes that back. */
  async drainNode(name: string, options: CallOptions & { undrain?: boolean } = {}): Promise<Node> {
    const request = { name, undrain: options.undrain ?? false };
    return present((await this.unary(NodeService.drain, request, options)).node, 'node');
  }

  /** Cancels what is under way (CANCELLED) and leaves no connection open. Safe to call twice. */
  close(): void {
    this.channel.close();
  }

  private unary<Request, Response>(
    method: Method<Request, Response>,
    request: Init<Request>,
    options: CallOptions,
    extraMs = 0,
  ): Promise<Response> {
    const timeoutMs = options.timeoutMs ?? (this.timeoutMs ?? TIMEOUT_MS) + extraMs;
    return this.channel.unary(method, request, { ...options, timeoutMs });
  }
}

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new FarforkError('INTERNAL', 'sdk.call', what, 'the answer lacks it');
  return value;
}
