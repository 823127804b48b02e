// SPDX-License-Identifier: Apache-2.0
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { type EmbeddedCluster, startEmbedded } from '../../embedded/index.js';
import type { Client } from '../../sdk/typescript/client.js';
import { runSeed } from '../run-seed.js';
import { processMemory } from '../process-memory.js';
import { type ChildResult, forkAndAsk } from './fork-children.js';
import { type Query, workLocally } from './local-work.js';
import type { DemoChild, DemoResult } from './result.js';

const PROGRAM = fileURLToPath(new URL('../../../src/cli/demo/warm_index.py', import.meta.url));
const SEED_NAME = 'demo';
const WARM_TIMEOUT_MS = 60_000;
const POLL_MS = 20;
/** Forked one by one after the others, where the memory is by then. */
const LATER_CHILDREN = 7;
const START_DEADLINE_MS = 10_000;

export interface DemoOptions {
  /** On each of the two nodes. */
  childrenPerNode: number;
  sizeMb: number;
  /** Called once the first child runs, for tests that break something then. */
  onFirstChild?: (cluster: EmbeddedCluster) => void;
  /** Progress, for people. */
  log: (text: string) => void;
  /** Aborts between steps: Ctrl-C. */
  signal?: AbortSignal;
}

/** Starts a cluster, runs the demo on it and takes the cluster down, whatever happens. */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const began = performance.now();
  const cluster = await startEmbedded({ nodes: 3, readyCells: 2 * options.childrenPerNode });
  try {
    const startMs = performance.now() - began;
    options.log(`3 nodes are up, each in a network namespace of its own (${Math.round(startMs)} ms)`);
    return { startMs, ...(await Promise.race([runOn(cluster, options), aborted(options.signal)])) };
  } finally {
    await cluster.close();
  }
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

async function runOn(cluster: EmbeddedCluster, options: DemoOptions): Promise<Omit<DemoResult, 'startMs'>> {
  const { client } = cluster;
  options.signal?.throwIfAborted();
  const warming = performance.now();
  const { parent, seed } = await runSeed(client, {
    name: SEED_NAME,
    node: 'node1',
    argv: ['python3', PROGRAM],
    env: { PATH: process.env['PATH'] ?? '', WARM_TABLE_MB: `${options.sizeMb}` },
    cwd: '/',
    waitSeedMs: WARM_TIMEOUT_MS,
  });
  const warmMs = performance.now() - warming;
  options.log(`a Python parent is warm on node1 and has become seed ${seed.seedId} (${Math.round(warmMs)} ms)`);
  await staged(client, seed.seedId);
  // Not before: until then the twin shares its pages.
  const parentBytes = processMemory(parent.hostPid).pss;

  options.signal?.throwIfAborted();
  options.log('the same work without farfork, for comparison ...');
  const queries = makeQueries(2 * options.childrenPerNode, options.sizeMb);
  const env = { ...process.env, WARM_TABLE_MB: `${options.sizeMb}` };
  const local = await workLocally(PROGRAM, queries, env, options.signal);

  options.signal?.throwIfAborted();
  options.log(`forking ${queries.length} children onto node2 and node3 ...`);
  const request = { seed: seed.seedId, nodes: ['node2', 'node3'], deadlineMs: START_DEADLINE_MS };
  const results = await forkAndAsk(client, request, queries, () => options.onFirstChild?.(cluster));
  const children = results.map((result, index) => judge(result, queries[index], local.answers[index]));
  const measured = await client.getSeed(seed.seedId);
  const later = [];
  for (let count = 0; count < LATER_CHILDREN && children.every((child) => child.right); count += 1) {
    const query = { ...request, nodes: ['node2'] };
    const [result] = await forkAndAsk(client, query, queries.slice(0, 1));
    if (result) later.push(judge(result, queries[0], local.answers[0]));
  }
  return { warmMs, seed: { ...measured, key: '' }, parentBytes, children, later, stats: measured.stats, local };
}

/** Returns when the memory of the seed is copied. Children need not wait for that; the measurements here do. */
async function staged(client: Client, seedId: string): Promise<void> {
  const deadline = Date.now() + WARM_TIMEOUT_MS;
  while ((await client.getSeed(seedId)).state === 'staging' && Date.now() < deadline) await delay(POLL_MS);
}

/** Different parts of the table, the same in every run. */
function makeQueries(count: number, sizeMb: number): Query[] {
  // The table has more than 3500 records a megabyte.
  const position = (index: number): number => (4711 + index * 31_337) % (sizeMb * 3500);
  return Array.from({ length: count }, (_, index) => ({ key: `user-${String(position(index)).padStart(6, '0')}` }));
}

function judge(result: ChildResult, query: Query | undefined, expected: unknown): DemoChild {
  const right = result.answer !== undefined && isDeepStrictEqual(result.answer, expected);
  return { ...result, query: query ?? { key: '' }, expected, right, ownBytes: ownBytes(result.hostPid) };
}

/** Zero for one that has ended. */
function ownBytes(pid: number): number {
  try {
    const memory = processMemory(pid);
    return memory.pssAnon + memory.pssFile;
  } catch {
    return 0;
  }
}
