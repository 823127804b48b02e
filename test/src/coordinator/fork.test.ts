// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import * as grpc from '@grpc/grpc-js';
import type * as ProtoModule from '../../../dist/proto/index.js';
import type { ForkEvent, ForkEventKind, ForkResponse, Seed } from '../../../dist/proto/index.js';
import { built } from '../built.js';
import { collect, eventually, refusal, TestCluster } from './cluster.js';
import type { FakeAgent } from './fake-agent.js';

const { ForkEventKind: Kind, ChildState: State } = await built<typeof ProtoModule>('proto/index.js');
const count = (events: ForkEvent[], kind: ForkEventKind): number =>
  events.filter((event) => event.kind === kind).length;

describe('coordinator, fork', () => {
  let cluster: TestCluster;
  let agents: FakeAgent[];
  let seed: Seed;

  beforeEach(async () => {
    cluster = await TestCluster.start({ heartbeatMs: 50, lostAfterMs: 400 });
    agents = [];
    for (const name of ['n1', 'n2', 'n3']) {
      const agent = await cluster.agent(name);
      agent.startHeartbeats(50);
      agents.push(agent);
    }
    seed = await cluster.client.prepare({ pid: 42, node: 'n1', name: 'warm' });
  });
  afterEach(() => cluster.close());

  it('spreads a batch, one command a node, and every child starts exactly once', async () => {
    const events = await collect(cluster.client.fork({ seed: 'warm', count: 300 }));
    assert.equal(count(events, Kind.KIND_STARTED), 300);
    assert.equal(events.length, 300);
    const ids = new Set(events.map(({ child }) => child!.childId));
    assert.equal(ids.size, 300);
    assert.deepEqual(
      new Set(events.map(({ child }) => child!.index)),
      new Set(Array.from({ length: 300 }, (_, index) => index)),
    );
    for (const agent of agents) {
      assert.equal(agent.commands.filter(({ fork }) => fork).length, 1);
      const command = await agent.command('fork');
      assert.equal(command.children.length, 100);
      assert.equal(command.seedId, seed.seedId);
      assert.equal(Buffer.from(command.key).toString('hex'), seed.key);
      assert.equal(command.sourceHost, '10.9.8.7');
      assert.ok(command.deadlineMs > 0);
    }
    assert.equal((await cluster.client.listChildren({ seed: 'warm' })).length, 300);
    assert.equal((await cluster.client.listChildren({ node: 'n2' })).length, 100);
    assert.deepEqual((await cluster.client.getSeed('warm')).openNodes.sort(), ['n1', 'n2', 'n3']);
  });

  it('hands each child its own input, or all the same', async () => {
    const inputs = ['a', 'b', 'c'].map((text) => Buffer.from(text));
    const { nodes } = { nodes: ['n2'] };
    await collect(cluster.client.fork({ seed: 'warm', count: 3, inputs, nodes, stdin: Buffer.from('in') }));
    const own = await agents[1]!.command('fork');
    assert.deepEqual(
      own.children.map(({ input }) => Buffer.from(input).toString()),
      ['a', 'b', 'c'],
    );
    assert.equal(Buffer.from(own.stdin).toString(), 'in');
    await collect(cluster.client.fork({ seed: 'warm', count: 3, inputs: inputs.slice(0, 1), nodes }));
    const shared = await agents[1]!.command('fork', 1);
    assert.equal(Buffer.from(shared.sharedInput).toString(), 'a');
    await assert.rejects(
      collect(cluster.client.fork({ seed: 'warm', count: 3, inputs: inputs.slice(0, 2) })),
      refusal('INVALID_ARGUMENT'),
    );
  });

  it('lets one bad child fail alone', async () => {
    const agent = agents[1]!;
    agent.handlers.fork = ({ fork }) => {
      const error = { code: 'RESUME_FAILED', stage: 'restorer', object: 'x', detail: 'it was the bad one' };
      const [bad, ...good] = fork!.children;
      agent.events([
        agent.event(Kind.KIND_FAILED, { childId: bad!.childId, state: State.CHILD_STATE_FAILED, error }),
        ...good.map((child) => agent.started(fork!, child)),
      ]);
      return {};
    };
    const events = await collect(cluster.client.fork({ seed: 'warm', count: 30 }));
    assert.equal(count(events, Kind.KIND_STARTED), 29);
    const failed = events.filter(({ kind }) => kind === Kind.KIND_FAILED);
    assert.equal(failed.length, 1);
    assert.equal(failed[0]!.child!.error!.detail, 'it was the bad one');
    assert.equal(failed[0]!.child!.node, 'n2');
    const child = await cluster.client.waitChild(failed[0]!.child!.childId);
    assert.equal(child.state, State.CHILD_STATE_FAILED);
  });

  it('lets one bad node fail its own children only', async () => {
    agents[2]!.handlers.fork = () => ({
      error: { code: 'SOURCE_LOST', stage: 'pager.open', object: seed.seedId, detail: 'no route' },
    });
    const events = await collect(cluster.client.fork({ seed: 'warm', count: 9 }));
    assert.equal(count(events, Kind.KIND_STARTED), 6);
    const failed = events.filter(({ kind }) => kind === Kind.KIND_FAILED);
    assert.deepEqual(
      failed.map(({ child }) => `${child!.node} ${child!.error!.code}`),
      ['n3 SOURCE_LOST', 'n3 SOURCE_LOST', 'n3 SOURCE_LOST'],
    );
  });

  it('fails the children of a silent agent at their deadline, and kills one that starts later', async () => {
    const agent = agents[0]!;
    agent.handlers.fork = () => ({});
    const began = Date.now();
    const events = await collect(cluster.client.fork({ seed: 'warm', nodes: ['n1'], deadlineMs: 100 }));
    assert.ok(Date.now() - began < 3000);
    assert.deepEqual(
      events.map(({ kind, child }) => [kind, child!.error!.code]),
      [[Kind.KIND_FAILED, 'DEADLINE_EXCEEDED']],
    );
    const fork = await agent.command('fork');
    agent.events([agent.started(fork, fork.children[0]!)]);
    assert.equal((await agent.command('kill')).childId, events[0]!.child!.childId);
    assert.equal((await cluster.client.listChildren()).length, 0);
  });

  it('fails what a lost stream had not started, at once', async () => {
    const agent = agents[1]!;
    agent.handlers.fork = ({ fork }) => {
      agent.events([agent.started(fork!, fork!.children[0]!)]);
      setImmediate(() => agent.drop());
      return {};
    };
    const events = await collect(cluster.client.fork({ seed: 'warm', count: 4, nodes: ['n2'], deadlineMs: 30_000 }));
    assert.equal(count(events, Kind.KIND_STARTED), 1);
    const failed = events.filter(({ kind }) => kind === Kind.KIND_FAILED);
    assert.deepEqual(
      failed.map(({ child }) => child!.error!.code),
      Array(3).fill('NODE_UNAVAILABLE'),
    );
    await assert.rejects(
      collect(cluster.client.fork({ seed: 'warm', nodes: ['n2'] })),
      refusal('NODE_UNAVAILABLE', 'n2'),
    );
    await eventually(
      async () => (await cluster.client.listNodes()).find(({ name }) => name === 'n2')?.state === 'lost',
    );

    // The agent returns: one of the failed ones is alive there, and must not be; the started one lives on.
    const [lived] = events.filter(({ kind }) => kind === Kind.KIND_STARTED);
    const state = State.CHILD_STATE_STARTED;
    const report = (childId: string) => ({ childId, seedId: seed.seedId, node: 'n2', state });
    agent.handlers.fork = () => ({});
    await agent.connect({
      children: [lived!, failed[0]!].map(({ child }) => report(child!.childId)),
      seedIds: [seed.seedId],
    });
    assert.equal((await agent.command('kill')).childId, failed[0]!.child!.childId);
    const living = await cluster.client.listChildren();
    assert.deepEqual(
      living.map(({ childId }) => childId),
      [lived!.child!.childId],
    );
    agent.events([agent.exited(lived!.child!.childId, 7)]);
    assert.equal((await cluster.client.waitChild(lived!.child!.childId)).exitCode, 7);
  });

  it('streams output and ends when all ended, with wait', async () => {
    const agent = agents[0]!;
    agent.handlers.fork = ({ fork }) => {
      for (const child of fork!.children) {
        const { childId } = child;
        agent.events([
          agent.started(fork!, child),
          agent.event(Kind.KIND_OUTPUT, { childId }, Buffer.from(`I am ${child.index}\n`), 1),
          agent.exited(childId, child.index),
        ]);
      }
      return {};
    };
    const request = { seed: 'warm', count: 3, nodes: ['n1'], wait: true, streamOutput: true };
    const events = await collect(cluster.client.fork(request));
    const of = (kind: ForkEventKind) => events.filter((event) => event.kind === kind);
    assert.deepEqual(
      of(Kind.KIND_OUTPUT).map(({ output }) => Buffer.from(output).toString()),
      ['I am 0\n', 'I am 1\n', 'I am 2\n'],
    );
    assert.deepEqual(
      of(Kind.KIND_EXITED).map(({ child }) => [child!.exitCode, child!.state]),
      [0, 1, 2].map((code) => [code, State.CHILD_STATE_EXITED]),
    );
  });

  it('tells a reply after the start, whichever came first', async () => {
    const agent = agents[0]!;
    agent.handlers.fork = ({ fork }) => {
      const [child] = fork!.children;
      const reply = agent.event(Kind.KIND_REPLIED, { childId: child!.childId }, Buffer.from('quick'));
      agent.events([reply, agent.started(fork!, child!)]);
      return {};
    };
    const events = await collect(cluster.client.fork({ seed: 'warm', nodes: ['n1'], wantReplies: true }));
    assert.deepEqual(
      events.map(({ kind, output }) => [kind, Buffer.from(output).toString()]),
      [
        [Kind.KIND_STARTED, ''],
        [Kind.KIND_REPLIED, 'quick'],
      ],
    );
  });

  it('says that the fate of waited children is unknown when their node is lost', async () => {
    const agent = agents[0]!;
    const waiting = collect(cluster.client.fork({ seed: 'warm', nodes: ['n1'], wait: true }));
    const fork = await agent.command('fork');
    await eventually(async () => (await cluster.client.listChildren()).length === 1);
    agent.stopHeartbeats();
    agent.drop();
    const events = await waiting;
    assert.deepEqual(
      events.map(({ kind, child }) => [kind, child!.error?.code]),
      [
        [Kind.KIND_STARTED, undefined],
        [Kind.KIND_EXITED, 'NODE_UNAVAILABLE'],
      ],
    );
    await assert.rejects(cluster.client.waitChild(fork.children[0]!.childId), refusal('NODE_UNAVAILABLE', 'n1'));
  });

  it('marks a node lost whose agent is silent on an open stream', async () => {
    agents[2]!.stopHeartbeats();
    await agents[2]!.until(() => agents[2]!.ended !== undefined);
    await eventually(
      async () => (await cluster.client.listNodes()).find(({ name }) => name === 'n3')?.state === 'lost',
    );
    const others = (await cluster.client.listNodes()).filter(({ name }) => name !== 'n3');
    assert.ok(others.every(({ state }) => state === 'ready'));
  });

  it('lets children go on when the client leaves', async () => {
    const stream = cluster.client.fork({ seed: 'warm', nodes: ['n1'], wait: true });
    const first = await stream.next();
    await stream.return();
    const { childId } = (first.value as ForkEvent).child!;
    assert.equal((await cluster.client.listChildren()).length, 1);
    agents[0]!.events([agents[0]!.exited(childId, 3)]);
    assert.equal((await cluster.client.waitChild(childId)).exitCode, 3);
  });

  it('starts 3,000 children in one request, by few messages', async () => {
    const { ChildService } = await built<typeof ProtoModule>('proto/index.js');
    const client = new grpc.Client(cluster.endpoint, grpc.credentials.createInsecure());
    cluster.defer(() => client.close());
    const { path, requestSerialize, responseDeserialize } = ChildService.fork;
    const options = { deadline: Date.now() + 30_000 };
    const request = { seed: 'warm', count: 3000 };
    const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, options);
    const messages = await collect(call as AsyncIterable<ForkResponse>);
    const events = messages.flatMap((message) => message.events);
    assert.equal(count(events, Kind.KIND_STARTED), 3000);
    assert.ok(messages.length <= 30, `${messages.length} messages`);
    assert.equal(agents.flatMap(({ commands }) => commands.filter(({ fork }) => fork)).length, 3);
  });
});
