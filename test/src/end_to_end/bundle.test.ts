// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cleanup, type Cluster, farfork, needCluster, root, startCluster, until } from './harness.js';

describe('an OCI bundle', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  const cleanup = new Cleanup();
  before(async function () {
    needCluster(this);
    cluster = await startCluster({ nodes: 2 });
    cleanup.add(() => cluster.close());
  });
  after(() => cleanup.run());

  it('run --bundle: the parent and its child on another node have the root, folder and environment of the bundle', async () => {
    const bundle = makeBundle();
    cleanup.add(() => {
      rmSync(bundle, { recursive: true });
    });
    const ran = await farfork(cluster.endpoint, 'run', '--name', 'boxed', '--node', 'node1', '--bundle', bundle);
    assert.equal(ran.status, 0, ran.err);
    const prepared = await farfork(cluster.endpoint, 'prepare', 'boxed', '--name', 'box', '--json');
    assert.equal(prepared.status, 0, prepared.err);
    const forked = await farfork(cluster.endpoint, 'fork', 'box', '--node', 'node2', '--json');
    assert.equal(forked.status, 0, forked.err);
    const { child, hostPid } = JSON.parse(forked.out) as { child: string; hostPid: number };
    assert.equal(readlinkSync(`/proc/${hostPid}/root`), join(bundle, 'rootfs'));
    const lines = await until('the child goes on', async () => {
      const seen = (await logOf(cluster, child)).split('\n').slice(0, -1);
      return seen.length >= 5 && seen;
    });
    const [first] = lines.map(Number.parseFloat);
    assert.ok(first !== undefined && first < 500, lines.join());
    lines.forEach((line, index) => {
      const number = String(first + index).padStart(4, '0');
      assert.equal(line, `${number} argument bundled /data beside own-root`);
    });
  });
});

/** A folder with config.json and a root file system of one static program and one file. */
function makeBundle(): string {
  const folder = mkdtempSync(join(tmpdir(), 'farfork-test-'));
  mkdirSync(join(folder, 'rootfs/data'), { recursive: true });
  const numbers = Array.from({ length: 5000 }, (_, number) => `${String(number).padStart(4, '0')}\n`);
  writeFileSync(join(folder, 'rootfs/data/numbers'), numbers.join(''));
  const program = join(folder, 'rootfs/bundled');
  const compiled = spawnSync('cc', ['-O1', '-static', '-o', program, `${root}test/programs/bundled.c`]);
  assert.equal(compiled.status, 0, String(compiled.stderr));
  const config = {
    ociVersion: '1.0.2',
    root: { path: 'rootfs' },
    process: { args: ['/bundled', 'argument'], env: ['WHERE=bundled'], cwd: '/data' },
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  return folder;
}

async function logOf(cluster: Cluster, child: string): Promise<string> {
  const log = await farfork(cluster.endpoint, 'child', 'logs', child);
  assert.equal(log.status, 0, log.err);
  return log.out;
}
