// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, ftruncateSync, readFileSync, writeSync } from 'node:fs';
import type * as ErrorsModule from '../../../dist/errors/index.js';
import type * as ProtoModule from '../../../dist/proto/index.js';
import { built } from '../built.js';
import { eventually } from '../coordinator/cluster.js';
import { nativeError, refuse } from './fake-binding.js';
import { kindOf, TestNode } from './node.js';

const { ChildState } = await built<typeof ProtoModule>('proto/index.js');
const { catalogue } = await built<typeof ErrorsModule>('errors/index.js');

describe('agent: fork', () => {
  let node: TestNode;
  beforeEach(async () => {
    node = await TestNode.start();
    node.binding.seedIds = ['seed'];
  });
  afterEach(() => node.close());

  const events = (childId?: string) => node.coordinator.forkEvents(childId);

  it('answers once the batch is taken, and opens nothing on the warm path', async () => {
    const { coordinator, binding } = node;
    assert.equal((await coordinator.command({ fork: node.fork(['a']) })).error, undefined);
    await coordinator.command({ fork: node.fork(['b', 'c']) });
    assert.equal(binding.opens.length, 1);
    assert.deepEqual(
      binding.forks.map(({ children }) => children.map(({ childId, index }) => [childId, index])),
      [
        [['a', 0]],
        [
          ['b', 0],
          ['c', 1],
        ],
      ],
    );
    assert.ok(binding.forks[0]!.deadlineMs <= 5000 && binding.forks[0]!.deadlineMs > 4000);
  });

  it('shares one attempt to open a seed', async () => {
    let open: () => void = () => undefined;
    node.binding.onOpen = () => new Promise((resolve) => (open = resolve));
    const both = ['a', 'b'].map((id) => node.coordinator.command({ fork: node.fork([id]) }));
    await eventually(() => node.binding.opens.length === 1);
    open();
    await Promise.all(both);
    assert.equal(node.binding.opens.length, 1);
    assert.equal(node.binding.forks.length, 2);
  });

  it('fails the command when the seed cannot be opened, and tries anew the next time', async () => {
    node.binding.onOpen = () => refuse(nativeError(5));
    const { error } = await node.coordinator.command({ fork: node.fork(['a']) });
    assert.equal(error?.code, 'CANCELLED');
    assert.equal(node.binding.forks.length, 0);
    node.binding.onOpen = () => Promise.resolve();
    assert.equal((await node.coordinator.command({ fork: node.fork(['b']) })).error, undefined);
  });

  it('fails the command when the origin is not connected', async () => {
    const { error } = await node.coordinator.command({ fork: node.fork(['a'], { sourceHost: '' }) });
    assert.equal(error?.code, 'SOURCE_LOST');
  });

  it('tells STARTED, and EXITED with 128 + signal', async () => {
    const { binding, coordinator } = node;
    await coordinator.command({ fork: node.fork(['a']) });
    binding.spawnerEvents(binding.started('a'), binding.exited('a', -1, 9));
    assert.deepEqual(await node.kinds('a', 'EXITED'), ['STARTED', 'EXITED']);
    const [started, exited] = events('a').map(({ child }) => child!);
    // What was told of the start is not changed by the end, although both went in one message.
    assert.equal(started!.state, ChildState.CHILD_STATE_STARTED);
    assert.deepEqual([started!.pid, started!.hostPid, started!.resumeMs, started!.exitCode], [7, 1007, 0.5, 0]);
    assert.deepEqual([exited!.state, exited!.exitCode, exited!.signal], [ChildState.CHILD_STATE_EXITED, 137, 9]);
  });

  it('tells the events of many children in their order', async () => {
    const { binding, coordinator } = node;
    await coordinator.command({ fork: node.fork(['a', 'b']) });
    binding.spawnerEvents(binding.started('a'), binding.exited('a'), binding.started('b'), binding.failed('b'));
    await node.kinds('b', 'FAILED');
    assert.deepEqual(
      events().map((each) => `${each.child!.childId} ${kindOf(each)}`),
      ['a STARTED', 'a EXITED', 'b STARTED', 'b FAILED'],
    );
  });

  it('fails one child without the others', async () => {
    const { binding, coordinator } = node;
    await coordinator.command({ fork: node.fork(['a', 'b']) });
    binding.spawnerEvents(binding.failed('a', nativeError(7, 'no more pids')), binding.started('b'));
    await node.kinds('b', 'STARTED');
    const failed = events('a')[0]!;
    assert.equal(kindOf(failed), 'FAILED');
    assert.deepEqual([failed.child?.error?.code, failed.child?.error?.detail], ['RESOURCE_EXHAUSTED', 'no more pids']);
  });

  it('fails each child of a batch that the spawner refuses', async () => {
    node.binding.onFork = () => refuse(nativeError(7));
    assert.equal((await node.coordinator.command({ fork: node.fork(['a', 'b']) })).error, undefined);
    for (const id of ['a', 'b']) {
      assert.deepEqual(await node.kinds(id, 'FAILED'), ['FAILED']);
      assert.equal(events(id)[0]!.child?.error?.code, 'RESOURCE_EXHAUSTED');
    }
  });

  it('sends input and role, and tells REPLIED before EXITED though the exit comes first', async () => {
    const { binding, coordinator } = node;
    const { fd, peer } = await node.sockets.make();
    binding.onFork = () => Promise.resolve([fd]);
    const children = [{ childId: 'a', index: 3, input: Buffer.from([0x2a]) }];
    await coordinator.command({ fork: node.fork([], { children, hasControl: true }) });
    assert.deepEqual(await peer.frame(), {
      type: 'role',
      role: 'child',
      seed: 'seed',
      child: 'a',
      index: 3,
      input: Buffer.from([0x2a]),
    });
    peer.send({ type: 'reply', value: Buffer.alloc(1 << 20, 7) });
    binding.spawnerEvents(binding.started('a'), binding.exited('a', 0));
    peer.socket.end();
    assert.deepEqual(await node.kinds('a', 'EXITED'), ['STARTED', 'REPLIED', 'EXITED']);
    assert.ok(Buffer.alloc(1 << 20, 7).equals(events('a')[1]!.output));
  });

  it('tells EXITED although something else holds the control socket', async () => {
    const { binding, coordinator } = node;
    const { fd, peer } = await node.sockets.make();
    binding.onFork = () => Promise.resolve([fd]);
    await coordinator.command({ fork: node.fork(['a'], { hasControl: true, sharedInput: Buffer.from([1]) }) });
    assert.deepEqual((await peer.frame())['input'], Buffer.from([1]));
    binding.spawnerEvents(binding.started('a'), binding.exited('a', 3));
    assert.deepEqual(await node.kinds('a', 'EXITED'), ['STARTED', 'EXITED']);
    assert.equal(events('a')[1]!.child?.exitCode, 3);
  });

  it('tells an error reply, and one without a value', async () => {
    const { binding, coordinator } = node;
    const pairs = [await node.sockets.make(), await node.sockets.make()];
    binding.onFork = () => Promise.resolve(pairs.map(({ fd }) => fd));
    await coordinator.command({ fork: node.fork(['a', 'b'], { hasControl: true }) });
    pairs[0]!.peer.send({ type: 'error', message: 'ValueError: no' });
    pairs[1]!.peer.send({ type: 'reply', value: 'text' });
    for (const [id, seen] of [
      ['a', /ValueError: no/],
      ['b', /no value/],
    ] as const) {
      await node.kinds(id, 'REPLIED');
      assert.equal(events(id)[0]!.child?.error?.code, 'CHILD_REPLIED_ERROR');
      assert.match(events(id)[0]!.child!.error!.detail, seen);
    }
  });

  it('streams all output before EXITED', async () => {
    const { binding, coordinator } = node;
    await coordinator.command({ fork: node.fork(['a'], { streamOutput: true }) });
    const { stdoutFd, stderrFd } = binding.makeOutput('a');
    writeSync(stdoutFd, 'first\n');
    binding.spawnerEvents(binding.started('a'));
    await node.kinds('a', 'OUTPUT');
    writeSync(stdoutFd, Buffer.alloc(700_000, 0x61));
    writeSync(stderrFd, 'oops');
    binding.spawnerEvents(binding.exited('a'));
    const kinds = await node.kinds('a', 'EXITED');
    assert.equal(kinds.at(-1), 'EXITED');
    const said = (fd: number) =>
      Buffer.concat(
        events('a')
          .filter(({ outputFd }) => outputFd === fd)
          .map((e) => e.output),
      );
    assert.equal(said(1).toString(), `first\n${'a'.repeat(700_000)}`);
    assert.equal(said(2).toString(), 'oops');
  });

  it('says what was dropped before it could be streamed, and goes on after it', async () => {
    const { binding, coordinator } = node;
    await coordinator.command({ fork: node.fork(['a'], { streamOutput: true }) });
    const { stdoutFd } = binding.makeOutput('a');
    ftruncateSync(stdoutFd, 8192);
    writeSync(stdoutFd, 'the last page', 8192);
    binding.spawnerEvents(binding.started('a'), binding.exited('a'));
    await node.kinds('a', 'EXITED');
    const said = Buffer.concat(events('a').map(({ output }) => output)).toString();
    assert.equal(said, '[farfork: 8192 bytes of output were dropped]\nthe last page');
    const { logs } = await coordinator.command({ readLogs: { childId: 'a', fd: 1, offset: 100 } });
    assert.deepEqual([Buffer.from(logs!.data).toString(), logs!.offset], ['the last page', 8192]);
  });

  it('follows no log without being asked to', async () => {
    const { binding, coordinator } = node;
    await coordinator.command({ fork: node.fork(['a']) });
    writeSync(binding.makeOutput('a').stdoutFd, 'unasked');
    binding.spawnerEvents(binding.started('a'), binding.exited('a'));
    assert.deepEqual(await node.kinds('a', 'EXITED'), ['STARTED', 'EXITED']);
    const { logs } = await coordinator.command({ readLogs: { childId: 'a', fd: 1, offset: 2, maxBytes: 3 } });
    assert.equal(Buffer.from(logs!.data).toString(), 'ask');
  });

  it('removes the standard input of a batch once every child has started or failed', async () => {
    const { binding, coordinator } = node;
    await coordinator.command({ fork: node.fork(['a', 'b'], { stdin: Buffer.from('lines') }) });
    const { stdinPath } = binding.forks[0]!.children[0]!;
    assert.equal(readFileSync(stdinPath, 'utf8'), 'lines');
    binding.spawnerEvents(binding.started('a'));
    await node.kinds('a', 'STARTED');
    assert.ok(existsSync(stdinPath));
    binding.spawnerEvents(binding.failed('b'));
    await eventually(() => !existsSync(stdinPath));
  });

  it('fails children of whom the spawner says nothing, and lets none of them run later', async () => {
    const { binding, coordinator } = node;
    await coordinator.command({ fork: node.fork(['a', 'b'], { deadlineMs: 50, stdin: Buffer.from('x') }) });
    binding.spawnerEvents(binding.started('b'));
    assert.deepEqual(await node.kinds('a', 'FAILED'), ['FAILED']);
    assert.equal(events('a')[0]!.child?.error?.code, 'DEADLINE_EXCEEDED');
    assert.deepEqual(events('b').map(kindOf), ['STARTED']);
    await eventually(() => !existsSync(binding.forks[0]!.children[0]!.stdinPath));
    await eventually(() => binding.kills.length === 1);
    binding.spawnerEvents(binding.started('a'));
    await eventually(() => binding.kills.length === 2);
    assert.deepEqual(binding.kills, [
      { id: 'a', signal: 9 },
      { id: 'a', signal: 9 },
    ]);
    binding.spawnerEvents(binding.exited('a', 0, 9));
    await eventually(() => binding.forgotten.includes('a'));
    assert.deepEqual(events('a').map(kindOf), ['FAILED']);
  });

  it('starts nothing once the time is over', async () => {
    node.binding.onOpen = () => new Promise((resolve) => setTimeout(resolve, 40));
    await node.coordinator.command({ fork: node.fork(['a'], { deadlineMs: 20 }) });
    assert.deepEqual(await node.kinds('a', 'FAILED'), ['FAILED']);
    assert.equal(node.binding.forks.length, 0);
  });

  it('opens the seed again when the spawner lost it', async () => {
    const { binding, coordinator } = node;
    await coordinator.command({ fork: node.fork(['a']) });
    const seedNotOpen = nativeError(catalogue.SEED_NOT_OPEN.number);
    binding.onFork = ({ children }) =>
      binding.opens.length < 2 ? refuse(seedNotOpen) : Promise.resolve(children.map(() => -1));
    await coordinator.command({ fork: node.fork(['b']) });
    assert.equal(binding.opens.length, 2);
    assert.equal(binding.forks.length, 3);
    assert.deepEqual(events('b'), []);
  });

  it('kills a child by its signal; not one that it does not know', async () => {
    const { binding, coordinator } = node;
    const unknown = await coordinator.command({ kill: { childId: 'nobody', signal: 15 } });
    assert.equal(unknown.error?.code, 'CHILD_NOT_FOUND');
    await coordinator.command({ fork: node.fork(['a']) });
    await coordinator.command({ kill: { childId: 'a', signal: 15 } });
    assert.deepEqual(binding.kills, [{ id: 'a', signal: 15 }]);
  });

  it('has the spawner forget what failed, also when its cell took a while', async () => {
    const { binding, coordinator } = node;
    let refusals = 1;
    binding.onForget = () => (refusals-- > 0 ? refuse(nativeError(2)) : Promise.resolve());
    await coordinator.command({ fork: node.fork(['a', 'b']) });
    binding.spawnerEvents(binding.failed('a'), binding.failed('b'));
    await eventually(() => binding.forgotten.length === 2);
    assert.deepEqual(binding.forgotten.sort(), ['a', 'b']);
  });

  it('keeps the output of the last 1000 children that ended', async () => {
    const { binding, coordinator } = node;
    const ids = Array.from({ length: 1010 }, (_, at) => `c${String(at).padStart(4, '0')}`);
    await coordinator.command({ fork: node.fork(ids) });
    binding.makeOutput('c0009');
    writeSync(binding.makeOutput('c0010').stdoutFd, 'kept');
    binding.spawnerEvents(...ids.map((id) => binding.started(id)), ...ids.map((id) => binding.exited(id)));
    await node.kinds('c1009', 'EXITED');
    await eventually(() => binding.forgotten.length === 10);
    assert.deepEqual(binding.forgotten.sort(), ids.slice(0, 10));
    const { logs } = await coordinator.command({ readLogs: { childId: 'c0010', fd: 1 } });
    assert.equal(Buffer.from(logs!.data).toString(), 'kept');
    const dropped = await coordinator.command({ readLogs: { childId: 'c0009', fd: 1 } });
    assert.equal(dropped.error?.code, 'CHILD_NOT_FOUND');
  });

  it('keeps output over a restart of the agent', async () => {
    const { binding } = node;
    const output = binding.makeOutput('a');
    writeSync(output.stdoutFd, 'before');
    binding.records = [binding.record('a', output)];
    await node.agent?.close();
    await node.startAgent();
    const { logs } = await node.coordinator.command({ readLogs: { childId: 'a', fd: 1 } });
    assert.equal(Buffer.from(logs!.data).toString(), 'before');
  });
});
