// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  assertUnharmed,
  Cleanup,
  type Cluster,
  farfork,
  needCluster,
  Program,
  root,
  startCluster,
  until,
} from './harness.js';

const CHILDREN = 50;

interface ChildLine {
  child: string;
  node: string;
  hostPid: number;
  state: string;
}

function jsonLines<T>(text: string): T[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

describe('any process, by its pid', function () {
  this.timeout(120_000);
  let cluster: Cluster;
  const cleanup = new Cleanup();
  before(async function () {
    needCluster(this);
    cluster = await startCluster({ readyCells: 8 });
    cleanup.add(() => cluster.close());
  });
  after(() => cleanup.run());

  it(`a python3 with threads: ${CHILDREN} children over 3 nodes go on from the same point; so does the parent`, async () => {
    const parent = Program.start('python3', `${root}test/programs/threads_count.py`);
    try {
      await until('the parent counts', () => parent.lines.length > 20);
      const at = ['prepare', '--pid', `${parent.pid}`, '--name', 'counting', '--json'];
      const prepared = await farfork(cluster.endpoint, ...at);
      assert.equal(prepared.status, 0, prepared.err);
      const nodes = cluster.nodeNames.flatMap((name) => ['--node', name]);
      const forked = await farfork(cluster.endpoint, 'fork', 'counting', '-n', `${CHILDREN}`, ...nodes, '--json');
      assert.equal(forked.status, 0, forked.err);
      const children = jsonLines<ChildLine>(forked.out);
      assert.equal(children.length, CHILDREN);
      assert.deepEqual([...new Set(children.map((child) => child.node))].sort(), ['node1', 'node2', 'node3']);
      const logs = await Promise.all(children.map((child) => linesUntil(cluster, child.child, everyThreadCounted)));
      const [start] = new Set(logs.map((lines) => lines[0]?.split(' ').slice(0, 2).join(' ')));
      for (const lines of logs) checkContinuation(lines, parent.lines, start ?? '');
      await assertUnharmed(parent);
      const removed = await farfork(cluster.endpoint, 'seed', 'rm', '--force', 'counting');
      assert.equal(removed.status, 0, removed.err);
    } finally {
      await parent.stop();
    }
  });

  it('a program with an open file: each child reads on at the same offset, by itself', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'farfork-test-'));
    const path = join(folder, 'numbers');
    writeFileSync(path, Array.from({ length: 5000 }, (_, number) => `${number}\n`).join(''));
    const code = `import os, sys, time
fd = os.open(sys.argv[1], os.O_RDONLY)
rest = b""
while True:
    line = b""
    while not line.endswith(b"\\n"): line += os.read(fd, 1)
    os.write(1, line)
    time.sleep(0.01)`;
    const parent = Program.start('python3', '-c', code, path);
    try {
      await until('it reads', () => parent.lines.length > 5);
      const seed = await cluster.client.prepare({ pid: parent.pid, node: 'node1' });
      const forked = await farfork(cluster.endpoint, 'fork', seed.seedId, '-n', '2', '--node', 'node2', '--json');
      assert.equal(forked.status, 0, forked.err);
      for (const { child } of jsonLines<ChildLine>(forked.out)) {
        const lines = await linesUntil(cluster, child, (seen) => seen.length >= 4);
        // The first may be the rest of a line that the parent was reading.
        const numbers = lines.slice(1).map(Number);
        assert.ok(numbers[0] !== undefined && numbers[0] > 4 && numbers[0] < 500, lines.join());
        numbers.forEach((number, index) => assert.equal(number, (numbers[0] ?? NaN) + index));
      }
      await assertUnharmed(parent);
      await cluster.client.removeSeed(seed.seedId, { force: true });
    } finally {
      await parent.stop();
      rmSync(folder, { recursive: true });
    }
  });

  it('a C program: children on another node verify 512 MB of random data', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'farfork-test-'));
    const program = join(folder, 'checksum');
    const compiled = spawnSync('cc', ['-O2', '-o', program, `${root}test/programs/checksum_512mb.c`]);
    assert.equal(compiled.status, 0, String(compiled.stderr));
    const parent = Program.start(program);
    try {
      await until('the parent has its checksum', () => parent.lines.length >= 2);
      const { client } = cluster;
      const hurried = client.prepare({ pid: parent.pid, node: 'node1', maxPauseMs: 1 });
      await assert.rejects(hurried, { code: 'PAUSE_TOO_LONG' });
      const seed = await client.prepare({ pid: parent.pid, node: 'node1' });
      const ids: string[] = [];
      for await (const event of client.fork({ seed: seed.seedId, count: 2, nodes: ['node2', 'node3'] })) {
        assert.equal(event.child?.error, undefined);
        if (event.child && !ids.includes(event.child.childId)) ids.push(event.child.childId);
      }
      assert.equal(ids.length, 2);
      const sum = parent.lines[0]?.split(' ')[1];
      for (const id of ids) {
        const lines = await until(`${id} checked`, async () => {
          const seen = (await logOf(cluster, id)).split('\n').slice(0, -1);
          return seen.length >= 2 && seen;
        });
        // The first line may be the rest of one that the parent was writing.
        for (const line of lines.slice(1)) assert.equal(line, `same ${sum}`);
      }
      await until('the parent goes on', () => parent.lines.length >= 4);
      for (const line of parent.lines.slice(1)) assert.equal(line, `same ${sum}`);
      await client.removeSeed(seed.seedId, { force: true });
    } finally {
      await parent.stop();
      rmSync(folder, { recursive: true });
    }
  });
});

async function logOf(cluster: Cluster, child: string): Promise<string> {
  let text = '';
  for await (const chunk of cluster.client.childLogs(child)) text += Buffer.from(chunk.data).toString();
  return text;
}

/** What the child printed, as soon as that is `enough`. */
function linesUntil(cluster: Cluster, child: string, enough: (lines: string[]) => boolean): Promise<string[]> {
  return until(
    `${child} goes on`,
    async () => {
      const lines = (await logOf(cluster, child)).split('\n').slice(0, -1);
      return enough(lines) && lines;
    },
    60_000,
  );
}

function everyThreadCounted(lines: string[]): boolean {
  const counts = lines.map((line) => (line.split(' ')[2] ?? '').split(',').map(Number));
  const [first] = counts;
  return (
    counts.length >= 4 && first !== undefined && first.every((count, thread) => (counts.at(-1)?.[thread] ?? 0) > count)
  );
}

/** The child's lines follow the parent's sequence without a gap from `start` on. */
function checkContinuation(lines: string[], parentLines: string[], start: string): void {
  const sequence = parentLines.map((line) => line.split(' ').slice(0, 2).join(' '));
  const at = sequence.indexOf(start);
  assert.ok(at >= 0, `the parent never printed «${start}»`);
  const states = lines.map((line) => line.split(' ').slice(0, 2).join(' '));
  assert.deepEqual(states, sequence.slice(at, at + lines.length));
}
