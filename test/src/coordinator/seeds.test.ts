// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type * as ProtoModule from '../../../dist/proto/index.js';
import { built } from '../built.js';
import { collect, eventually, refusal, TestCluster } from './cluster.js';
import type { FakeAgent } from './fake-agent.js';

const { ChildState: State } = await built<typeof ProtoModule>('proto/index.js');

describe('coordinator, seeds', () => {
  let cluster: TestCluster;
  let agent: FakeAgent;

  beforeEach(async () => {
    cluster = await TestCluster.start();
    agent = await cluster.agent('n1');
  });
  afterEach(() => cluster.close());

  it('prepares a pid: an id, a fresh key and a lease', async () => {
    const before = Date.now();
    const seed = await cluster.client.prepare({ pid: 42, name: 'warm', ttlMs: 60_000, maxPauseMs: 250 });
    assert.match(seed.seedId, /^sd_[a-z2-7]{16}$/);
    assert.match(seed.key, /^[0-9a-f]{64}$/);
    assert.ok(seed.expiresUnixMs >= before + 60_000 && seed.expiresUnixMs <= Date.now() + 60_000);
    assert.deepEqual([seed.node, seed.state, seed.leaseEpoch, seed.openNodes], ['n1', 'staging', 1, ['n1']]);
    const command = await agent.command('prepare');
    assert.deepEqual([command.pid, command.parent, command.maxPauseMs], [42, '', 250]);
    const second = await cluster.client.prepare({ pid: 42 });
    assert.notEqual(second.key, seed.key);
    for (const listed of await cluster.client.listSeeds()) assert.equal(listed.key, '');
  });

  it('knows when a seed is staged, even before prepare was answered', async () => {
    agent.handlers.prepare = ({ prepare, requestId }) => {
      agent.send({ result: { requestId, prepare: { seed: { parentPid: prepare!.pid } } } });
      agent.events([{ seedStaged: { seedId: prepare!.seedId, stagingUs: 1234, bytes: 5 } }]);
      return undefined;
    };
    const seed = await cluster.client.prepare({ pid: 42, waitStaged: true });
    assert.equal((await cluster.client.getSeed(seed.seedId)).state, 'ready');
    assert.equal((await cluster.client.getSeed(seed.seedId)).stagingUs, 1234);
  });

  it('fails a seed whose staging failed, for whoever waits and whoever forks', async () => {
    const error = { code: 'STAGING_FAILED', stage: 'pager.stage', object: 'x', detail: 'no memory' };
    const waiting = cluster.client.prepare({ pid: 42, name: 'doomed', waitStaged: true });
    const { seedId } = await agent.command('prepare');
    await eventually(async () => (await cluster.client.listSeeds()).length === 1);
    agent.events([{ seedFailed: { seedId, error } }]);
    await assert.rejects(waiting, refusal('STAGING_FAILED', 'x'));
    await assert.rejects(collect(cluster.client.fork({ seed: 'doomed' })), refusal('STAGING_FAILED'));
    // A failed seed does not hold its name.
    await cluster.client.prepare({ pid: 42, name: 'doomed' });
  });

  it('passes on what the capture failed with, and keeps nothing', async () => {
    const error = { code: 'PROCESS_NOT_FOUND', stage: 'capture.freeze', object: 'pid 42', detail: '' };
    agent.handlers.prepare = () => ({ error });
    await assert.rejects(cluster.client.prepare({ pid: 42, name: 'warm' }), refusal('PROCESS_NOT_FOUND', 'pid 42'));
    assert.deepEqual(await cluster.client.listSeeds(), []);
    agent.handlers.prepare = () => ({ prepare: { seed: {} } });
    await cluster.client.prepare({ pid: 42, name: 'warm' });
  });

  it('refuses names, targets and nodes that cannot be', async () => {
    const { client } = cluster;
    await client.prepare({ pid: 42, name: 'warm' });
    await assert.rejects(client.prepare({ pid: 42, name: 'warm' }), refusal('SEED_EXISTS', 'warm'));
    for (const name of ['../etc', 'a b', '-x', 'sd_abc', 'x'.repeat(64)]) {
      await assert.rejects(client.prepare({ pid: 42, name }), refusal('INVALID_ARGUMENT'));
    }
    await assert.rejects(client.prepare({}), refusal('INVALID_ARGUMENT'));
    await assert.rejects(client.prepare({ pid: 42, node: 'nowhere' }), refusal('NODE_NOT_FOUND', 'nowhere'));
    await assert.rejects(client.prepare({ parent: 'nobody' }), refusal('PARENT_NOT_FOUND', 'nobody'));
    await cluster.agent('n2');
    await assert.rejects(client.prepare({ pid: 42 }), refusal('INVALID_ARGUMENT'));
    for (const call of [client.getSeed('none'), client.removeSeed('none'), client.renewSeed('none', 1000)]) {
      await assert.rejects(call, refusal('SEED_NOT_FOUND', 'none'));
    }
    await assert.rejects(collect(client.fork({ seed: 'none' })), refusal('SEED_NOT_FOUND'));
  });

  it('gives a name to one of two seeds that are prepared at once', async () => {
    const outcomes = await Promise.allSettled([1, 2].map((pid) => cluster.client.prepare({ pid, name: 'warm' })));
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  });

  it('ends a lease in time, reclaims the seed, and says so to later forks', async () => {
    const seed = await cluster.client.prepare({ pid: 42, name: 'short', ttlMs: 150 });
    const reclaim = await agent.command('reclaim');
    assert.deepEqual([reclaim.seedId, reclaim.force], [seed.seedId, false]);
    assert.equal((await cluster.client.getSeed('short')).state, 'expired');
    await assert.rejects(collect(cluster.client.fork({ seed: 'short' })), refusal('LEASE_EXPIRED', seed.seedId));
    await assert.rejects(cluster.client.renewSeed('short', 1000), refusal('LEASE_EXPIRED'));
  });

  it('renews the lease of a seed whose children live, and no longer', async () => {
    const seed = await cluster.client.prepare({ pid: 42, name: 'short', ttlMs: 300 });
    const [started] = await collect(cluster.client.fork({ seed: 'short' }));
    await agent.until(() => agent.commands.filter(({ setLease }) => setLease).length >= 2);
    const lease = await agent.command('setLease', 1);
    assert.equal(lease.leaseEpoch, 1);
    assert.ok(lease.expiresUnixMs > seed.expiresUnixMs);
    agent.events([agent.exited(started!.child!.childId)]);
    await agent.command('reclaim');
    assert.equal((await cluster.client.getSeed('short')).state, 'expired');
  });

  it('renews by hand', async () => {
    await cluster.client.prepare({ pid: 42, name: 'warm', ttlMs: 10_000 });
    const seed = await cluster.client.renewSeed('warm', 3_600_000);
    assert.ok(seed.expiresUnixMs > Date.now() + 3_500_000);
    assert.equal((await agent.command('setLease')).expiresUnixMs, seed.expiresUnixMs);
  });

  it('removes a seed that is not used, or by force', async () => {
    const seed = await cluster.client.prepare({ pid: 42, name: 'warm' });
    const [started] = await collect(cluster.client.fork({ seed: 'warm' }));
    await assert.rejects(cluster.client.removeSeed('warm'), refusal('SEED_IN_USE', seed.seedId));
    await cluster.client.removeSeed('warm', { force: true });
    assert.equal((await agent.command('reclaim')).force, true);
    await assert.rejects(cluster.client.getSeed('warm'), refusal('SEED_NOT_FOUND'));
    agent.events([agent.exited(started!.child!.childId)]);
    await cluster.client.prepare({ pid: 42, name: 'warm' });
    await cluster.client.removeSeed('warm');
  });

  it('checks the key that a fork brings', async () => {
    const seed = await cluster.client.prepare({ pid: 42, name: 'warm' });
    await collect(cluster.client.fork({ seed: 'warm', key: Buffer.from(seed.key, 'hex') }));
    for (const key of [Buffer.alloc(32), Buffer.from('short')]) {
      await assert.rejects(collect(cluster.client.fork({ seed: 'warm', key })), refusal('SEED_KEY_WRONG'));
    }
  });

  it('shows the statistics of the nodes that answer', async () => {
    const silent = await cluster.agent('n2');
    await cluster.client.prepare({ pid: 42, node: 'n1', name: 'warm' });
    await collect(cluster.client.fork({ seed: 'warm', count: 2 }));
    agent.handlers.seedStats = () => ({ seedStats: { presentPages: 25, pagesServed: 7 } });
    silent.drop();
    const { stats } = await cluster.client.getSeed('warm');
    assert.deepEqual(
      stats.map(({ node, presentPages, pagesServed }) => [node, presentPages, pagesServed]),
      [['n1', 25, 7]],
    );
  });

  it('fails the seeds of a pager that was lost, and forgets where they were open', async () => {
    const other = await cluster.agent('n2');
    const [one, two] = [
      await cluster.client.prepare({ pid: 1, node: 'n1', name: 'one' }),
      await cluster.client.prepare({ pid: 2, node: 'n2', name: 'two' }),
    ];
    await collect(cluster.client.fork({ seed: 'two', nodes: ['n1'] }));
    agent.events([{ pagerLost: { seedIds: [one.seedId, two.seedId] } }]);
    await eventually(async () => (await cluster.client.getSeed('one')).state === 'failed');
    await assert.rejects(collect(cluster.client.fork({ seed: 'one' })), refusal('PAGER_LOST', one.seedId));
    assert.deepEqual((await cluster.client.getSeed('two')).openNodes, ['n2']);
    await collect(cluster.client.fork({ seed: 'two', nodes: ['n2'] }));
    assert.equal(other.commands.filter(({ fork }) => fork).length, 1);
  });

  it('keeps everything over a restart, and reconciles with what the agents report', async () => {
    const kept = await cluster.client.prepare({ pid: 42, name: 'kept' });
    const lost = await cluster.client.prepare({ pid: 43, name: 'lost' });
    const [first, second] = await collect(cluster.client.fork({ seed: 'kept', count: 2 }));
    await cluster.client.drainNode('n1');
    await cluster.restart();
    const [node] = await cluster.client.listNodes();
    assert.deepEqual([node!.name, node!.state], ['n1', 'lost']);
    await assert.rejects(collect(cluster.client.fork({ seed: 'kept', nodes: ['n1'] })), refusal('NODE_UNAVAILABLE'));
    const state = State.CHILD_STATE_STARTED;
    const again = await cluster.agent('n1', {
      children: [{ childId: first!.child!.childId, seedId: kept.seedId, node: 'n1', state }],
      seedIds: [kept.seedId, 'sd_unknown'],
    });
    // The epoch of the node goes on where it was: an older stream stays fenced over a restart.
    assert.equal(again.registered, 2);
    assert.equal((await again.command('reclaim')).seedId, 'sd_unknown');
    assert.equal((await cluster.client.listNodes())[0]!.state, 'draining');
    await cluster.client.drainNode('n1', { undrain: true });
    assert.equal((await cluster.client.getSeed('lost')).state, 'failed');
    assert.equal((await cluster.client.getSeed(lost.seedId)).error!.code, 'PAGER_LOST');
    const gone = await cluster.client.waitChild(second!.child!.childId);
    assert.deepEqual([gone.state, gone.error!.code], [State.CHILD_STATE_FAILED, 'SPAWNER_LOST']);
    const started = await collect(cluster.client.fork({ seed: 'kept', key: Buffer.from(kept.key, 'hex') }));
    assert.equal(started.length, 1);
    assert.equal((await cluster.client.listChildren()).length, 2);
  });
});
