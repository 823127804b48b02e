// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type * as ErrorsModule from '../../../dist/errors/index.js';
import type * as NativeModule from '../../../dist/native/index.js';
import { built } from '../built.js';
import { assertUnharmed, Cleanup, type Cluster, needCluster, Program, root, startCluster, until } from './harness.js';

const { fromNative } = await built<typeof ErrorsModule>('errors/index.js');
const { loadBinding } = await built<typeof NativeModule>('native/index.js');

/** Where the first bytes of the descriptor are in the server's stream: behind Hello and OpenReply with their headers. */
const DESCRIPTOR_AT = 40 + 16 + 40 + 48;
const DEADLINE_MS = 3000;

describe('a descriptor that is corrupted in flight', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let parent: Program;
  const cleanup = new Cleanup();

  before(async function () {
    needCluster(this);
    cluster = await startCluster({ nodes: 2 });
    cleanup.add(() => cluster.close());
    parent = Program.start('python3', `${root}test/programs/threads_count.py`);
    cleanup.add(() => parent.stop());
    await until('the parent counts', () => parent.lines.length > 5);
  });
  after(() => cleanup.run());

  /** Opens a fresh seed of the parent at node2's pager, through a proxy that flips a bit; resolves with the error's code. */
  async function openThroughFault(faultAt: number): Promise<string> {
    const [origin, target] = await Promise.all([cluster.node('node1'), cluster.node('node2')]);
    const seed = await cluster.client.prepare({ pid: parent.pid, node: 'node1', waitStaged: true });
    const proxy = spawn(
      'nsenter',
      [
        ...['-t', `${target.pagerPid}`, '-n', 'python3', `${root}test/programs/flipping_proxy.py`],
        ...[origin.fabricHost, `${origin.fabricPort}`, `${faultAt}`],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const pager = await loadBinding().connectPager(
      join(cluster.stateDir.path, 'node2', 'pager.sock'),
      () => undefined,
      DEADLINE_MS,
    );
    try {
      const first = await createInterface({ input: proxy.stdout })[Symbol.asyncIterator]().next();
      const open = {
        seedId: seed.seedId,
        key: Buffer.from(seed.key, 'hex'),
        leaseEpoch: seed.leaseEpoch,
        sourceHost: '127.0.0.1',
        sourcePort: Number(first.value),
        deadlineMs: DEADLINE_MS,
      };
      const outcome = await pager.openSeed(open).then(
        () => 'opened',
        (error: unknown) => fromNative(error as NativeModule.NativeError).code,
      );
      await assertUnharmed(parent);
      return outcome;
    } finally {
      pager.close();
      const ended = once(proxy, 'exit');
      proxy.kill('SIGKILL');
      await ended;
      await cluster.client.removeSeed(seed.seedId, { force: true });
    }
  }

  it('is opened when nothing is flipped', async () => {
    assert.equal(await openThroughFault(Number.MAX_SAFE_INTEGER), 'opened');
  });

  for (const [where, at] of [
    ['its header', DESCRIPTOR_AT],
    ['its middle', DESCRIPTOR_AT + 4000],
  ] as const) {
    it(`is refused: ${where}`, async () => {
      assert.match(await openThroughFault(at), /^(DESCRIPTOR_CORRUPT|PAGE_CORRUPT|FABRIC_PROTOCOL)$/);
    });
  }

  it('is refused: the frame around it', async () => {
    assert.match(await openThroughFault(DESCRIPTOR_AT - 20), /^(DESCRIPTOR_CORRUPT|PAGE_CORRUPT|FABRIC_PROTOCOL)$/);
  });
});
