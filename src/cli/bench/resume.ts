// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import type { EmbeddedCluster } from '../../embedded/index.js';
import type { Seed } from '../../sdk/typescript/client.js';
import { forkAndAsk, type ChildResult } from '../demo/fork-children.js';
import { FarforkError } from '../../errors/index.js';
import { runSeed } from '../run-seed.js';
import { measureCriu } from './criu.js';
import type { FigureSink } from './figure.js';
import { LocalParent } from './local-parent.js';
import { timeStarted } from './rpc.js';
import { programPath } from './programs.js';

const THREADS = 12;
const ORIGIN = 'node1';
const TARGET = 'node2';
const WARM_TIMEOUT_MS = 60_000;
/** Before each timed step: what the one before left behind (a child that ends, its cell) is done with. */
const SETTLE_MS = 20;
/** More than what one round allocates. */
const WARMED_MEGABYTES = 128;
/** Memory that was idle is slow at first touch (the host took it back): these rounds are thrown away. */
const WARM_UP_ROUNDS = 3;

interface Size {
  name: string;
  megabytes: number;
  rounds: number;
  /** A cold round prepares and stages a whole seed. */
  coldRounds: number;
  rpcCalls: number;
  maxResumeRatio: number;
  maxPauseRatio?: number;
}

const SIZES: Size[] = [
  { name: '100mb', megabytes: 100, rounds: 40, coldRounds: 15, rpcCalls: 100, maxResumeRatio: 0.5, maxPauseRatio: 1.3 },
  { name: '1gb', megabytes: 1024, rounds: 20, coldRounds: 5, rpcCalls: 0, maxResumeRatio: 0.1 },
];

/** All in ms, one entry a round. */
interface Samples {
  osFork: number[];
  resume: number[];
  touch: number[];
  task: number[];
  coldResume: number[];
  pause: number[];
  pausedOsFork: number[];
  stagingGbPerS: number[];
}

/** Resume on another node against os.fork() of a process of the same memory and threads, interleaved in one run. */
export async function benchResume(cluster: EmbeddedCluster, sink: FigureSink): Promise<void> {
  sink.note(
    `parents of 100 MB and 1 GB, ${THREADS} threads, 4 KiB pages; resume ends at the child's first own instruction`,
  );
  for (const size of SIZES) {
    const local = await LocalParent.start(size.megabytes, THREADS);
    try {
      const seed = await startParent(cluster, size);
      const samples = await measure(cluster, size, seed, local);
      report(sink, size, samples, local.warmMs);
      if (size.rpcCalls > 0) {
        const { startedMs, listMs } = await timeStarted(cluster, seed.seedId, TARGET, size.rpcCalls);
        const rpc =
          'gRPC Fork of one child of the same parent until its STARTED event, at the client; idle between calls';
        sink.median('fork_rpc_started_p50_ms', startedMs, 'ms', rpc, { most: 3 });
        const alone = 'gRPC Node.List, which the coordinator answers alone; in turn with the Forks';
        sink.median('rpc_reference_p50_ms', listMs, 'ms', alone);
      }
      await cluster.client.stopParent(parentName(size));
      await cluster.client.removeSeed(seed.seedId, { force: true });
    } finally {
      await local.stop();
    }
    await measureCriu(sink, size.megabytes, THREADS, 5);
  }
}

function parentName(size: Size): string {
  return `bench-${size.name}`;
}

async function startParent(cluster: EmbeddedCluster, size: Size): Promise<Seed> {
  const { seed } = await runSeed(cluster.client, {
    name: parentName(size),
    node: ORIGIN,
    argv: ['python3', programPath('warm_parent.py'), `${size.megabytes}`, `${THREADS}`, 'seed'],
    env: { PATH: process.env['PATH'] ?? '' },
    cwd: '/',
    waitSeedMs: WARM_TIMEOUT_MS,
  });
  return seed;
}

async function measure(cluster: EmbeddedCluster, size: Size, seed: Seed, local: LocalParent): Promise<Samples> {
  const samples: Samples = {
    osFork: [],
    resume: [],
    touch: [],
    task: [],
    coldResume: [],
    pause: [],
    pausedOsFork: [],
    stagingGbPerS: [],
  };
  for (let round = -WARM_UP_ROUNDS; round < size.rounds; round += 1) {
    await local.warmMachine(WARMED_MEGABYTES);
    await delay(SETTLE_MS);
    const osFork = await local.forkMs();
    await delay(SETTLE_MS);
    const idle = await ask(cluster, seed, 'nothing');
    const touch = await ask(cluster, seed, 'touch 10');
    const task = await ask(cluster, seed, 'function');
    if (round < 0) continue;
    samples.osFork.push(osFork);
    samples.resume.push(idle.resumeMs ?? NaN);
    samples.touch.push(touch.answerMs ?? NaN);
    samples.task.push(task.answerMs ?? NaN);
    // Cold rounds lie between the warm ones.
    if (round % Math.floor(size.rounds / size.coldRounds) === 0) await coldRound(cluster, size, samples, local);
  }
  return samples;
}

/** A new seed of the same parent: how long the parent stands still, and the first fork on a node that has none of it. */
async function coldRound(cluster: EmbeddedCluster, size: Size, samples: Samples, local: LocalParent): Promise<void> {
  const { client } = cluster;
  await delay(SETTLE_MS);
  samples.pausedOsFork.push(await local.forkMs());
  await delay(SETTLE_MS);
  const prepared = await client.prepare({ parent: parentName(size), waitStaged: true });
  const seed = await client.getSeed(prepared.seedId);
  samples.pause.push(prepared.pauseUs / 1000);
  samples.stagingGbPerS.push((size.megabytes * 1.048576e6) / seed.stagingUs / 1000);
  for await (const event of client.fork({ seed: seed.seedId, nodes: [TARGET], inheritFiles: true })) {
    if (event.child?.error?.code) throw failureOf(event.child.error);
    if (event.child?.resumeMs) samples.coldResume.push(event.child.resumeMs);
  }
  await client.removeSeed(seed.seedId, { force: true });
}

async function ask(cluster: EmbeddedCluster, seed: Seed, command: string): Promise<ChildResult> {
  const [result] = await forkAndAsk(cluster.client, { seed: seed.seedId, nodes: [TARGET], wait: true }, [command]);
  if (!result || result.error)
    throw failureOf(result?.error ?? { code: 'INTERNAL', stage: '', object: '', detail: '' });
  return result;
}

function failureOf(error: { code: string; stage: string; object: string; detail: string }): FarforkError {
  return new FarforkError(error.code as FarforkError['code'], error.stage, error.object, error.detail);
}

function ratios(values: number[], references: number[]): number[] {
  return values.map((value, index) => value / (references[index] ?? NaN));
}

function report(sink: FigureSink, size: Size, samples: Samples, coldStartMs: number): void {
  const { name } = size;
  const fork = 'local os.fork() in the same round';
  const warm = `warm image on another node / ${fork}`;
  sink.median(`resume_${name}_vs_os_fork_p50`, ratios(samples.resume, samples.osFork), 'ratio', warm, {
    most: size.maxResumeRatio,
  });
  const paused = `parent's pause in prepare / ${fork}`;
  const target = size.maxPauseRatio === undefined ? {} : { most: size.maxPauseRatio };
  sink.median(`pause_${name}_vs_os_fork_p50`, ratios(samples.pause, samples.pausedOsFork), 'ratio', paused, target);
  sink.median(`os_fork_${name}_p50_ms`, samples.osFork, 'ms', `python3 with ${THREADS} threads, until it returned`);
  sink.median(`resume_${name}_p50_ms`, samples.resume, 'ms', 'warm image, at the agent');
  sink.median(
    `resume_cold_${name}_p50_ms`,
    samples.coldResume,
    'ms',
    'first fork of a new seed on the node, seed RPC included',
  );
  sink.median(`pause_${name}_p50_ms`, samples.pause, 'ms', "the parent's pause in prepare");
  sink.median(
    `touch_10mb_${name}_p50_ms`,
    samples.touch,
    'ms',
    'request at the client until the child has read 10 MB and replied',
  );
  sink.median(
    `function_${name}_p50_ms`,
    samples.task,
    'ms',
    'request at the client until the reply of a small Python function',
  );
  sink.median(`staging_${name}_gb_per_s`, samples.stagingGbPerS, 'GB/s', 'twin to image, in the background');
  sink.single(`cold_start_${name}_ms`, coldStartMs, 'ms', 'the same program from exec until it is warm');
}
