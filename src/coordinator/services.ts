// SPDX-License-Identifier: Apache-2.0
/** The public services' handlers: what each call's deadline is, and which part of the cluster answers it. */
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { FarforkError } from '../errors/index.js';
import {
  type Child,
  type ChildLogsRequest,
  type ChildLogsResponse,
  ChildState,
  type ForkRequest,
  type Init,
  type PrepareRequest,
  type RunRequest,
} from '../proto/index.js';
import { childLogs } from './child-logs.js';
import type { Cluster } from './cluster.js';
import { defaultInvokeMs, defaultStartMs } from './forks.js';
import { invalid } from './names.js';
import { type CallContext, type Outlet, serverStream, unary, within } from './rpc.js';
import { defaultMaxPauseMs, prepareMs } from './seeds.js';

const shortMs = 30_000;
/** For calls that follow children, when neither client nor request says how long. */
const longMs = 24 * 3600 * 1000;
const slackMs = 5000;
const waitMs = 600_000;
const killMs = 10_000;
const sigterm = 15;

export function parentService(cluster: Cluster): UntypedServiceImplementation {
  const runMs = (request: RunRequest): number => shortMs + request.waitSeedMs + slackMs;
  return {
    run: unary('ParentService.Run', runMs, async (request: RunRequest) => {
      cluster.checkLeading();
      const [node = ''] = cluster.forks.place(1, request.node ? [request.node] : [], undefined);
      await cluster.parents.run(request, node);
      if (request.waitSeedMs === 0) return { parent: cluster.parents.get(request.name) };
      const seed = await cluster.parents.waitSeed(request.name, request.waitSeedMs);
      return { parent: cluster.parents.get(request.name), seed: cluster.seeds.withKey(seed) };
    }),
    list: unary('ParentService.List', shortMs, () => ({ parents: cluster.parents.list() })),
    stop: unary('ParentService.Stop', shortMs, async (request: { name: string; signal: number }) => {
      await cluster.parents.stop(request.name, request.signal);
      return {};
    }),
  };
}

async function prepare(cluster: Cluster, request: PrepareRequest) {
  cluster.checkLeading();
  const { name, ttlMs, maxPauseMs } = request;
  const common = { name, nameIsDefault: false, ttlMs, maxPauseMs };
  const entry =
    request.parent !== undefined
      ? await cluster.seeds.prepare({ ...common, ...parentTarget(cluster, request.parent) })
      : await cluster.seeds.prepare({ ...common, parent: '', ...pidTarget(cluster, request) });
  if (request.waitStaged) await cluster.seeds.waitStaged(entry);
  return { seed: cluster.seeds.withKey(entry) };
}

function parentTarget(cluster: Cluster, parent: string): { node: string; pid: number; parent: string } {
  const { node, state, exitCode } = cluster.parents.get(parent);
  if (state !== 'exited') return { node, pid: 0, parent };
  throw new FarforkError('PROCESS_EXITED', 'coordinator.prepare', parent, `it ended with ${exitCode}`);
}

function pidTarget(cluster: Cluster, request: PrepareRequest): { node: string; pid: number } {
  if (!request.pid) throw invalid('target', 'name a pid or a parent');
  const names = cluster.nodes.list().map(({ name }) => name);
  const node = request.node || (names.length === 1 ? (names[0] ?? '') : '');
  if (!node) throw invalid(`pid ${request.pid}`, `name its node, one of: ${names.sort().join(', ') || '(none)'}`);
  return { node, pid: request.pid };
}

export function seedService(cluster: Cluster): UntypedServiceImplementation {
  const { seeds } = cluster;
  const prepareLimit = (request: PrepareRequest): number =>
    (request.maxPauseMs || defaultMaxPauseMs) + prepareMs + slackMs + (request.waitStaged ? waitMs : 0);
  return {
    prepare: unary('SeedService.Prepare', prepareLimit, (request: PrepareRequest) => prepare(cluster, request)),
    list: unary('SeedService.List', shortMs, () => ({ seeds: seeds.list() })),
    get: unary('SeedService.Get', shortMs, async ({ seed }: { seed: string }) => ({
      seed: await seeds.withStats(seed),
    })),
    remove: unary('SeedService.Remove', shortMs, async ({ seed, force }: { seed: string; force: boolean }) => {
      cluster.checkLeading();
      await seeds.remove(seed, force);
      return {};
    }),
    renew: unary('SeedService.Renew', shortMs, async ({ seed, ttlMs }: { seed: string; ttlMs: number }) => {
      cluster.checkLeading();
      return { seed: await seeds.renew(seed, ttlMs) };
    }),
  };
}

/** Resolves with the child once it ended. */
function waitEnd(cluster: Cluster, childId: string, limitMs: number, context: CallContext): Promise<Child> {
  const entry = cluster.children.get(childId);
  if (entry.child.state >= ChildState.CHILD_STATE_FAILED) return Promise.resolve(entry.child);
  if (cluster.nodes.isLost(entry.child.node)) {
    throw new FarforkError('NODE_UNAVAILABLE', 'coordinator.wait', entry.child.node, `the node of ${childId} is lost`);
  }
  const ended = new Promise<Child>((resolve, reject) => {
    const waiter = { resolve, reject };
    entry.waiters.push(waiter);
    context.signal.addEventListener('abort', () => entry.waiters.splice(entry.waiters.indexOf(waiter) >>> 0, 1), {
      once: true,
    });
  });
  return within(ended, limitMs, 'coordinator.wait', childId);
}

export function childService(cluster: Cluster): UntypedServiceImplementation {
  const { children, forks } = cluster;
  const forkMs = (request: ForkRequest): number => {
    const follows = request.wait || request.streamOutput || request.wantReplies;
    return follows ? longMs : (request.deadlineMs || defaultStartMs) + slackMs;
  };
  return {
    fork: serverStream('ChildService.Fork', forkMs, async (request: ForkRequest, outlet, { signal }) => {
      cluster.checkLeading();
      const run = forks.fork(request, (events) => outlet.write({ events }));
      signal.addEventListener('abort', () => run.silence(), { once: true });
      await run.done;
    }),
    invoke: unary(
      'ChildService.Invoke',
      (request: { timeoutMs: number }) => (request.timeoutMs || defaultInvokeMs) + slackMs,
      (request: Parameters<typeof forks.invoke>[0]) => {
        cluster.checkLeading();
        return forks.invoke(request);
      },
    ),
    list: unary('ChildService.List', shortMs, (request: { seed: string; node: string; all: boolean }) => {
      const seedId = request.seed ? cluster.seeds.table.find(request.seed).seed.seedId : '';
      const isShown = (child: Child): boolean =>
        (!seedId || child.seedId === seedId) &&
        (!request.node || child.node === request.node) &&
        (request.all || child.state < ChildState.CHILD_STATE_FAILED);
      return { children: children.list().filter(isShown) };
    }),
    kill: unary('ChildService.Kill', shortMs, async ({ childId, signal }: { childId: string; signal: number }) => {
      const { child } = children.get(childId);
      if (child.state >= ChildState.CHILD_STATE_FAILED) return {};
      await cluster.nodes.send(child.node, { kill: { childId, signal: signal || sigterm } }, killMs);
      return {};
    }),
    wait: unary(
      'ChildService.Wait',
      ({ timeoutMs }: { timeoutMs: number }) => (timeoutMs || waitMs) + slackMs,
      async ({ childId, timeoutMs }: { childId: string; timeoutMs: number }, context) => ({
        child: await waitEnd(cluster, childId, timeoutMs || waitMs, context),
      }),
    ),
    logs: serverStream(
      'ChildService.Logs',
      ({ follow }: ChildLogsRequest) => (follow ? longMs : shortMs),
      (request: ChildLogsRequest, outlet: Outlet<Init<ChildLogsResponse>>, context) =>
        childLogs(cluster, request, outlet, context),
    ),
  };
}

export function nodeService(cluster: Cluster): UntypedServiceImplementation {
  return {
    list: unary('NodeService.List', shortMs, () => ({ nodes: cluster.nodes.list() })),
    drain: unary('NodeService.Drain', shortMs, async ({ name, undrain }: { name: string; undrain: boolean }) => {
      cluster.checkLeading();
      return { node: await cluster.nodes.drain(name, !undrain) };
    }),
  };
}
