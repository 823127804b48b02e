// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmbeddedCluster } from '../../embedded/index.js';
import { FarforkError } from '../../errors/index.js';
import { forkAndAsk } from '../demo/fork-children.js';
import { runSeed } from '../run-seed.js';
import type { FigureSink } from './figure.js';
import { compileProgram } from './programs.js';

const CHILDREN = 1000;
const ROUNDS = 5;
const TARGETS = ['node2', 'node3'];
const MASK = (1n << 64n) - 1n;
const ENTRIES = 4096;
const DEADLINE_MS = 30_000;

/** 1,000 children of a C parent in one call, all alive at once, every answer checked. */
export async function benchBatch(cluster: EmbeddedCluster, sink: FigureSink): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'farfork-bench-'));
  try {
    const program = compileProgram('batch_parent.c', folder);
    const run = { name: 'bench-batch', node: 'node1', argv: [program], env: {}, cwd: '/', waitSeedMs: 10_000 };
    const { seed } = await runSeed(cluster.client, run);
    await round(cluster, seed.seedId);
    const rounds = [];
    for (let number = 0; number < ROUNDS; number += 1) rounds.push(await round(cluster, seed.seedId));
    const text = `${CHILDREN} children of a C parent over ${TARGETS.length} nodes, all alive at once, at most 64 cells made ahead`;
    const rate = (ms: number[]): number[] => ms.map((value) => (CHILDREN / value) * 1000);
    sink.median(
      'batch_1000_children_per_s',
      rate(rounds.map(({ started }) => started)),
      '1/s',
      `${text}; until all run`,
      {
        least: 1000,
      },
    );
    sink.median(
      'batch_1000_answers_per_s',
      rate(rounds.map(({ answered }) => answered)),
      '1/s',
      'until all answered, each checked',
    );
    await cluster.client.stopParent('bench-batch');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds from the call until the last STARTED, and until the last right answer. */
async function round(cluster: EmbeddedCluster, seed: string): Promise<{ started: number; answered: number }> {
  const { client } = cluster;
  const inputs = Array.from({ length: CHILDREN }, (_, index) => index);
  const children = await forkAndAsk(client, { seed, nodes: TARGETS, deadlineMs: DEADLINE_MS }, inputs);
  for (const child of children) {
    const seen = child.error ? child.error.code : String(child.answer);
    if (seen !== String(expected(child.index))) {
      throw new FarforkError(
        'INTERNAL',
        'bench.batch',
        `child ${child.index}`,
        `answered ${seen}, not ${expected(child.index)}`,
      );
    }
  }
  const alive = (await client.listChildren({ seed })).length;
  if (alive !== CHILDREN) throw new FarforkError('INTERNAL', 'bench.batch', seed, `${alive} of ${CHILDREN} are alive`);
  await Promise.all(children.map((child) => client.killChild(child.childId, 9)));
  await Promise.all(children.map((child) => client.waitChild(child.childId, DEADLINE_MS)));
  const last = (times: (number | undefined)[]): number => Math.max(...times.map((time) => time ?? NaN));
  return { started: last(children.map((c) => c.startedMs)), answered: last(children.map((c) => c.answerMs)) };
}

/** What batch_parent.c answers: splitmix64 of a table entry and the input. */
export function expected(index: number): bigint {
  return mix(mix(BigInt(index % ENTRIES)) ^ BigInt(index)) >> 12n;
}

function mix(value: bigint): bigint {
  let mixed = (value + 0x9e3779b97f4a7c15n) & MASK;
  mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return mixed ^ (mixed >> 31n);
}
