// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import type * as ErrorsModule from '../../../dist/errors/index.js';
import { built } from '../built.js';
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

const { isErrorCode } = await built<typeof ErrorsModule>('errors/index.js');
const LIMIT_BYTES = 24 << 20;

/** A memory control group, of version 1 or 2; undefined where this machine lets us make none. */
function memoryGroup(): { limit: (bytes: number) => void; add: (pid: number) => void; remove: () => void } | undefined {
  const isV1 = existsSync('/sys/fs/cgroup/memory/cgroup.procs');
  const path = `/sys/fs/cgroup/${isV1 ? 'memory/' : ''}farfork-test-${process.pid}`;
  const limitFile = `${path}/memory.${isV1 ? 'limit_in_bytes' : 'max'}`;
  try {
    mkdirSync(path);
  } catch {
    return undefined;
  }
  if (!existsSync(limitFile)) {
    rmdirSync(path);
    return undefined;
  }
  return {
    limit: (bytes) => writeFileSync(limitFile, `${bytes}`),
    add: (pid) => writeFileSync(`${path}/cgroup.procs`, `${pid}`),
    remove: () => rmdirSync(path),
  };
}

/** Copies that prepare leaves beside the parent: processes of the same program that the test did not start. */
function twinsOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
}

describe('memory runs out while staging', function () {
  this.timeout(60_000);
  const cleanup = new Cleanup();
  let cluster: Cluster;
  let group: Exclude<ReturnType<typeof memoryGroup>, undefined>;
  before(async function () {
    needCluster(this);
    const made = memoryGroup();
    if (!made) {
      console.log('      skipped: no memory control group can be made here');
      this.skip();
    }
    group = made;
    cleanup.add(() => group.remove());
    cluster = await startCluster();
    cleanup.add(() => cluster.close());
  });
  after(() => cleanup.run());

  it('is a named error; the parent is unharmed, and the node works again', async () => {
    const parent = Program.start('python3', `${root}test/programs/threads_count.py`, '100');
    try {
      await until('the parent counts', () => parent.lines.length > 3);
      group.add((await cluster.node('node1')).pagerPid);
      group.limit(LIMIT_BYTES);
      const argv = ['prepare', '--pid', `${parent.pid}`, '--wait-staged', '--name', 'large', '--timeout', '20s'];
      const began = Date.now();
      const ran = await farfork(cluster.endpoint, ...argv);
      assert.notEqual(ran.status, 0, ran.out);
      const code = /^error: ([A-Z_]+): /.exec(ran.err)?.[1] ?? '';
      assert.ok(isErrorCode(code) && code !== 'INTERNAL', ran.err);
      assert.ok(Date.now() - began < 25_000, 'within its deadline');
      await assertUnharmed(parent);
      await until('no copy of the parent is left', () => twinsOf(parent.pid).length === 0);
      group.limit(2 ** 40);
      const again = await until('the node works again', async () => {
        const next = await farfork(cluster.endpoint, 'prepare', '--pid', `${parent.pid}`, '--wait-staged');
        return next.status === 0 && next.out.trim();
      });
      const forked = await farfork(cluster.endpoint, 'fork', again, '--node', 'node2');
      assert.equal(forked.status, 0, forked.err);
      await cluster.client.removeSeed(again, { force: true });
    } finally {
      await parent.stop();
    }
  });
});
