// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import type * as JanitorModule from '../../../dist/embedded/janitor.js';
import type * as StateDirModule from '../../../dist/embedded/state-dir.js';
import { built } from '../built.js';
import { farfork, main, needCluster, root, startUp, until } from './harness.js';

const { processesIn } = await built<typeof JanitorModule>('embedded/janitor.js');
const { processStamp } = await built<typeof StateDirModule>('embedded/state-dir.js');

/** What this machine shows that no cluster may add to: mounts, links, named namespaces, control groups, shared memory. */
function footprint(): Record<string, string[]> {
  const cgroups = spawnSync('find', ['/sys/fs/cgroup', '-type', 'd', '-name', '*farfork*'], {
    encoding: 'utf8',
  }).stdout;
  return {
    mounts: readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => line.split(' ').slice(3).join(' ')),
    links: readdirSync('/sys/class/net'),
    namespaces: existsSync('/run/netns') ? readdirSync('/run/netns') : [],
    cgroups: cgroups.split('\n').filter(Boolean),
    shared: readdirSync('/dev/shm').filter((name) => name.includes('farfork')),
  };
}

/** The processes below `pid`, and all others in their network namespaces: daemons, parents and children of a cluster. */
function clusterOf(pid: number): { pids: number[]; namespaces: string[] } {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  const own = readlinkSync('/proc/self/ns/net');
  const namespaces = [...new Set(children.map((child) => readlinkSync(`/proc/${child}/ns/net`)))].filter(
    (name) => name !== own,
  );
  return { pids: [...new Set([...children, ...processesIn(namespaces)])], namespaces };
}

/** Nothing of the cluster is left, and the machine looks as before. */
async function assertGone(cluster: { pids: number[]; namespaces: string[] }, clean: object): Promise<void> {
  await until('its processes are gone', () => cluster.pids.every((pid) => processStamp(pid) === null), 15_000);
  // The pids first: a namespace's number is free, and may be used again, once its last process is gone.
  await until('the machine is as before', () => JSON.stringify(footprint()) === JSON.stringify(clean), 5000).catch(
    () => {
      assert.deepEqual(footprint(), clean);
    },
  );
}

describe('what a cluster leaves behind', function () {
  this.timeout(90_000);
  before(function () {
    needCluster(this);
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    it(`nothing, after ${signal}, with children and parents running`, async () => {
      const clean = footprint();
      const up = await startUp(['--endpoint', '127.0.0.1:0', '--ready-cells', '3']);
      try {
        const run = ['run', '--name', 'p', '--node', 'node1', '--', 'python3', `${root}test/programs/threads_count.py`];
        for (const argv of [run, ['prepare', 'p', '--name', 's'], ['fork', 's', '-n', '6']]) {
          const ran = await farfork(up.endpoint, ...argv);
          assert.equal(ran.status, 0, ran.err);
        }
        const cluster = clusterOf(up.process.pid!);
        assert.ok(cluster.pids.length > 3 * 3 + 7, 'agents, daemons, the parent and its children were found');
        const began = Date.now();
        up.process.kill(signal);
        await once(up.process, 'exit');
        assert.ok(Date.now() - began < 10_000, 'it ends in a bounded time');
        await assertGone(cluster, clean);
        assert.equal(existsSync(up.stateDir), false);
      } finally {
        up.process.kill('SIGKILL');
      }
    });
  }

  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    it(`nothing, after ${signal} in the middle of the demo`, async () => {
      const clean = footprint();
      const demo = spawn(process.execPath, [main, 'demo'], { stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      demo.stderr.on('data', (data: Buffer) => (said += data.toString()));
      await until('the demo works', () => said.includes('for comparison') || demo.exitCode !== null);
      assert.equal(demo.exitCode, null, said);
      const cluster = clusterOf(demo.pid!);
      assert.ok(cluster.pids.length > 3 * 3, 'agents, daemons and the parent were found');
      demo.kill(signal);
      const [status] = (await once(demo, 'exit')) as [number | null];
      assert.equal(status, signal === 'SIGINT' ? 130 : null);
      await assertGone(cluster, clean);
    });
  }

  it('keeps a state folder that the user named', async () => {
    const folder = mkdtempSync('/tmp/farfork-test-');
    try {
      const up = await startUp(['--endpoint', '127.0.0.1:0', '--nodes', '1', '--state-dir', folder]);
      up.process.kill('SIGINT');
      await once(up.process, 'exit');
      assert.ok(existsSync(`${folder}/coordinator`));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
