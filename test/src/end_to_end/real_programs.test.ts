// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertUnharmed, Cleanup, type Cluster, needCluster, Program, root, startCluster, until } from './harness.js';

const programs = `${root}test/programs/real`;
const CHILDREN = 2;
const CHILD_LINES = 20;

interface RealProgram {
  name: string;
  argv: string[];
  /** Ends with 0 where the program can run. */
  probe: string[];
}

/** Interpreters that nobody adapted. Each prints `STEP STATE...`, a line a step, of a fixed sequence. */
const realPrograms: RealProgram[] = [
  { name: 'Perl', argv: ['perl', `${programs}/counting.pl`], probe: ['perl', '-v'] },
  { name: 'Lua', argv: ['lua5.4', `${programs}/counting.lua`], probe: ['lua5.4', '-v'] },
  {
    name: 'Python with numpy',
    argv: ['/usr/bin/python3', `${programs}/counting_numpy.py`],
    probe: ['/usr/bin/python3', '-c', 'import numpy'],
  },
];

describe('programs that nobody adapted', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let folder: string;
  const cleanup = new Cleanup();
  before(async function () {
    needCluster(this);
    folder = mkdtempSync(join(tmpdir(), 'farfork-test-'));
    cleanup.add(() => {
      rmSync(folder, { recursive: true });
    });
    cluster = await startCluster({ nodes: 2 });
    cleanup.add(() => cluster.close());
  });
  after(() => cleanup.run());

  for (const program of realPrograms) {
    it(`${program.name}: its children go on where it was, and so does it`, async function () {
      const [command = '', ...rest] = program.probe;
      if (spawnSync(command, rest).status !== 0) {
        console.log(`      skipped: ${program.probe.join(' ')} does not run here`);
        this.skip();
      }
      await goesOn(cluster, program.argv);
    });
  }

  it('a static binary: its children go on where it was, and so does it', async () => {
    const path = join(folder, 'counting');
    const compiled = spawnSync('cc', ['-O2', '-static', '-o', path, `${programs}/counting.c`]);
    assert.equal(compiled.status, 0, String(compiled.stderr));
    await goesOn(cluster, [path]);
  });
});

async function goesOn(cluster: Cluster, [command = '', ...rest]: string[]): Promise<void> {
  const parent = Program.start(command, ...rest);
  try {
    await until('it counts', () => parent.lines.length > 20);
    const seed = await cluster.client.prepare({ pid: parent.pid, node: 'node1' });
    const ids: string[] = [];
    const request = { seed: seed.seedId, count: CHILDREN, nodes: ['node1', 'node2'], inheritFiles: true };
    for await (const { child } of cluster.client.fork(request)) {
      assert.equal(child?.error?.code ?? '', '', JSON.stringify(child?.error));
      ids.push(child?.childId ?? '');
    }
    assert.equal(ids.length, CHILDREN);
    for (const id of ids) await checkChild(cluster, id, parent);
    await assertUnharmed(parent);
    await cluster.client.removeSeed(seed.seedId, { force: true });
  } finally {
    await parent.stop();
  }
}

/** Its lines are the parent's, from where the parent was. The first may be the rest of one that the parent wrote. */
async function checkChild(cluster: Cluster, id: string, parent: Program): Promise<void> {
  const [, ...lines] = await until('the child goes on', async () => {
    let text = '';
    for await (const chunk of cluster.client.childLogs(id)) text += Buffer.from(chunk.data).toString();
    const seen = text.split('\n').slice(0, -1);
    return seen.length >= CHILD_LINES && seen;
  });
  const start = lines[0] ?? '';
  const at = parent.lines.indexOf(start);
  assert.ok(at > 0, `the parent never printed «${start}»`);
  await until('the parent is as far', () => parent.lines.length >= at + lines.length);
  assert.deepEqual(lines, parent.lines.slice(at, at + lines.length));
}
