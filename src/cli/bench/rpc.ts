// SPDX-License-Identifier: Apache-2.0
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { EmbeddedCluster } from '../../embedded/index.js';
import { FarforkError } from '../../errors/index.js';
import { ForkEventKind } from '../../sdk/typescript/client.js';

/** The first calls run code that is not compiled yet. */
const WARM_UP_CALLS = 50;
/** Between two calls the machine is idle: the last child has ended and its cell is replaced. */
const IDLE_MS = 10;
const END_TIMEOUT_MS = 5000;

export interface RpcTimes {
  /** From a gRPC Fork of one child at the client until its STARTED event is there. */
  startedMs: number[];
  /** The reference: a call that the coordinator answers by itself. */
  listMs: number[];
}

/** Times both in turn, on an idle machine. */
export async function timeStarted(
  cluster: EmbeddedCluster,
  seed: string,
  node: string,
  calls: number,
): Promise<RpcTimes> {
  const times: RpcTimes = { startedMs: [], listMs: [] };
  for (let call = -WARM_UP_CALLS; call < calls; call += 1) {
    const began = performance.now();
    let childId = '';
    for await (const { kind, child } of cluster.client.fork({ seed, nodes: [node], inheritFiles: true })) {
      if (kind !== ForkEventKind.KIND_STARTED || !child) {
        throw new FarforkError('RESUME_FAILED', 'bench.rpc', seed, child?.error?.detail ?? 'no STARTED event');
      }
      if (call >= 0) times.startedMs.push(performance.now() - began);
      childId = child.childId;
    }
    await cluster.client.killChild(childId);
    await cluster.client.waitChild(childId, END_TIMEOUT_MS);
    await delay(IDLE_MS);
    const asked = performance.now();
    await cluster.client.listNodes();
    if (call >= 0) times.listMs.push(performance.now() - asked);
    await delay(IDLE_MS);
  }
  return times;
}
