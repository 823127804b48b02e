// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type * as ProtoModule from '../../../dist/proto/index.js';
import { built } from '../built.js';
import { collect, eventually, refusal, TestCluster } from './cluster.js';
import type { FakeAgent } from './fake-agent.js';

const { ForkEventKind: Kind } = await built<typeof ProtoModule>('proto/index.js');
const bytes = (text: string): Buffer => Buffer.from(text);

describe('coordinator, parents', () => {
  let cluster: TestCluster;
  let agent: FakeAgent;

  beforeEach(async () => {
    cluster = await TestCluster.start();
    agent = await cluster.agent('n1');
  });
  afterEach(() => cluster.close());

  it('runs, lists, stops', async () => {
    const { parent } = await cluster.client.run({
      name: 'table',
      argv: ['python3', 'x.py'],
      env: { A: '1' },
      cwd: '/tmp',
    });
    assert.deepEqual([parent.name, parent.node, parent.state, parent.hostPid], ['table', 'n1', 'running', 77]);
    const { request } = await agent.command('runParent');
    assert.deepEqual([request!.argv, request!.env, request!.cwd], [['python3', 'x.py'], { A: '1' }, '/tmp']);
    await assert.rejects(cluster.client.run({ name: 'table', argv: ['x'] }), refusal('PARENT_EXISTS', 'table'));
    await assert.rejects(cluster.client.run({ name: 'a/b', argv: ['x'] }), refusal('INVALID_ARGUMENT'));
    await assert.rejects(cluster.client.run({ name: 'empty' }), refusal('INVALID_ARGUMENT'));
    await cluster.client.stopParent('table');
    assert.equal((await agent.command('stopParent')).signal, 15);
    agent.events([{ parentExited: { name: 'table', exitCode: 143 } }]);
    await eventually(async () => (await cluster.client.listParents())[0]!.state === 'exited');
    await assert.rejects(cluster.client.prepare({ parent: 'table' }), refusal('PROCESS_EXITED', 'table'));
    await assert.rejects(cluster.client.stopParent('nobody'), refusal('PARENT_NOT_FOUND'));
    await cluster.client.run({ name: 'table', argv: ['x'] });
  });

  it('keeps nothing of a parent that could not start', async () => {
    agent.handlers.runParent = () => ({
      error: { code: 'INVALID_ARGUMENT', stage: 'spawner.parent', object: 'table', detail: 'exec' },
    });
    await assert.rejects(cluster.client.run({ name: 'table', argv: ['none'] }), refusal('INVALID_ARGUMENT', 'table'));
    assert.deepEqual(await cluster.client.listParents(), []);
  });

  it('makes a seed of a parent that asks for it, named like the parent', async () => {
    const running = cluster.client.run({ name: 'table', argv: ['x'], waitSeedMs: 5000 });
    await agent.command('runParent');
    await eventually(async () => (await cluster.client.listParents()).length === 1);
    agent.events([{ seedWanted: { parent: 'table', ttlMs: 5000 } }]);
    const { parent, seed } = await running;
    const command = await agent.command('prepare');
    assert.deepEqual([command.parent, command.pid], ['table', 0]);
    assert.equal(seed.seedId, command.seedId);
    assert.equal(parent.seedId, seed.seedId);
    assert.equal(seed.name, 'table');
    assert.match(seed.key, /^[0-9a-f]{64}$/);

    // It asks again: the name moves to the newer seed.
    agent.events([{ seedWanted: { parent: 'table', ttlMs: 5000 } }]);
    const second = await agent.command('prepare', 1);
    await eventually(async () => (await cluster.client.getSeed('table')).seedId === second.seedId);
    assert.equal((await cluster.client.getSeed(seed.seedId)).name, '');
  });

  it('tells a parent why it is no seed', async () => {
    await cluster.client.prepare({ pid: 1, name: 'taken' });
    await cluster.client.run({ name: 'table', argv: ['x'] });
    agent.events([{ seedWanted: { parent: 'table', name: 'taken' } }]);
    const refused = await agent.command('refuseSeed');
    assert.deepEqual([refused.parent, refused.error!.code], ['table', 'SEED_EXISTS']);
  });

  it('ends the wait for a seed when the parent ends, or at its deadline', async () => {
    const running = cluster.client.run({ name: 'table', argv: ['x'], waitSeedMs: 30_000 });
    running.catch(() => undefined);
    await agent.command('runParent');
    agent.events([{ parentExited: { name: 'table', exitCode: 1 } }]);
    await assert.rejects(running, refusal('PROCESS_EXITED', 'table'));
    const slow = cluster.client.run({ name: 'slow', argv: ['x'], waitSeedMs: 50 });
    await assert.rejects(slow, refusal('DEADLINE_EXCEEDED', 'slow'));
  });

  it('finds the parents of an agent that returns', async () => {
    for (const name of ['stays', 'goes']) await cluster.client.run({ name, argv: ['x'] });
    agent.drop();
    await agent.connect({ parents: ['stays', 'new'].map((name) => ({ name, state: 'running', hostPid: 5 })) });
    const states = Object.fromEntries((await cluster.client.listParents()).map(({ name, state }) => [name, state]));
    assert.deepEqual(states, { stays: 'running', goes: 'exited', new: 'running' });
  });

  describe('invoke', () => {
    const reply = (event: (childId: string) => Parameters<FakeAgent['events']>[0]) => {
      agent.handlers.fork = ({ fork }) => {
        const [child] = fork!.children;
        agent.events([agent.started(fork!, child!), ...event(child!.childId)]);
        return {};
      };
    };
    beforeEach(() => cluster.client.prepare({ pid: 1, name: 'warm' }));

    it('gives one child one input, returns its reply, and kills it if it stays', async () => {
      reply((childId) => [agent.event(Kind.KIND_REPLIED, { childId }, bytes('42'))]);
      const answer = await cluster.client.invoke({ seed: 'warm', input: bytes('6x7') });
      assert.equal(Buffer.from(answer.reply).toString(), '42');
      const fork = await agent.command('fork');
      assert.equal(Buffer.from(fork.sharedInput).toString(), '6x7');
      assert.equal(answer.child.childId, fork.children[0]!.childId);
      assert.equal((await agent.command('kill')).childId, fork.children[0]!.childId);
    });

    it('says how a child ended that did not reply', async () => {
      reply((childId) => [agent.exited(childId, 3)]);
      await assert.rejects(cluster.client.invoke({ seed: 'warm' }), refusal('CHILD_EXITED'));
      const error = { code: 'PAGER_LOST', stage: 'spawner', object: 'x', detail: '' };
      reply((childId) => [agent.exited(childId, 137, { error })]);
      await assert.rejects(cluster.client.invoke({ seed: 'warm' }), refusal('PAGER_LOST', 'x'));
      const raised = { code: 'CHILD_REPLIED_ERROR', stage: 'child', object: 'c', detail: 'KeyError' };
      reply((childId) => [agent.event(Kind.KIND_REPLIED, { childId, error: raised }), agent.exited(childId, 1)]);
      await assert.rejects(cluster.client.invoke({ seed: 'warm' }), refusal('CHILD_REPLIED_ERROR', 'c'));
    });

    it('gives up at its deadline and kills the child', async () => {
      reply(() => []);
      await assert.rejects(cluster.client.invoke({ seed: 'warm', timeoutMs: 100 }), refusal('DEADLINE_EXCEEDED'));
      const fork = await agent.command('fork');
      assert.equal((await agent.command('kill')).childId, fork.children[0]!.childId);
    });

    it('refuses inputs for children without a control socket', async () => {
      agent.handlers.prepare = () => ({ prepare: { seed: { hasControl: false } } });
      await cluster.client.prepare({ pid: 2, name: 'plain' });
      await assert.rejects(cluster.client.invoke({ seed: 'plain' }), refusal('NO_CONTROL_SOCKET'));
      const forked = cluster.client.fork({ seed: 'plain', inputs: [bytes('x')] });
      await assert.rejects(collect(forked), refusal('NO_CONTROL_SOCKET'));
      assert.equal((await collect(cluster.client.fork({ seed: 'plain' }))).length, 1);
    });
  });
});
