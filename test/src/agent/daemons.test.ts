// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { ChildRecord } from '../../../dist/native/index.js';
import { eventually } from '../coordinator/cluster.js';
import { nativeError, refuse } from './fake-binding.js';
import { kindOf, TestNode } from './node.js';

describe('agent: daemons and coordinator', () => {
  let node: TestNode;
  const unhandled: unknown[] = [];
  const onUnhandled = (error: unknown): void => void unhandled.push(error);

  before(() => process.on('unhandledRejection', onUnhandled));
  after(() => process.off('unhandledRejection', onUnhandled));
  beforeEach(async () => {
    node = await TestNode.start();
  });
  afterEach(async () => {
    await node.close();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(unhandled.splice(0), []);
  });

  const lostSeeds = () => node.coordinator.events.flatMap(({ pagerLost }) => (pagerLost ? [pagerLost.seedIds] : []));

  it('a pager that is lost is told with its seeds, and replaced', async () => {
    const { binding, coordinator } = node;
    coordinator.heartbeatMs = 20;
    await coordinator.command({ fork: node.fork(['a']) });
    binding.fabricPort = 4712;
    binding.pagerEvents({ type: 'closed' });
    await coordinator.until('the loss', () => lostSeeds().length === 1);
    assert.deepEqual(lostSeeds(), [['seed']]);
    assert.equal(binding.pagerConnections, 2);
    await coordinator.command({ fork: node.fork(['b']) });
    assert.equal(binding.opens.length, 2);
    coordinator.stop();
    await coordinator.start();
    await coordinator.until('a register', () => coordinator.registers.length === 2);
    assert.equal(coordinator.registers[1]!.node?.fabricPort, 4712);
  });

  it('a pager that goes again while it is asked is replaced again', async () => {
    const { binding, coordinator } = node;
    let times = 0;
    binding.onHello = (daemon) => {
      if (daemon === 'spawner' || times++ > 0) return Promise.resolve();
      binding.pagerEvents({ type: 'closed' });
      return refuse(nativeError(4));
    };
    binding.pagerEvents({ type: 'closed' });
    await eventually(() => times === 2);
    assert.equal(binding.pagerConnections, 3);
    assert.equal((await coordinator.command({ fork: node.fork(['a']) })).error, undefined);
    assert.equal(lostSeeds().length, 1);
  });

  it('tells what became of staging', async () => {
    const { binding, coordinator } = node;
    await coordinator.command({ fork: node.fork(['a']) });
    binding.pagerEvents({ type: 'seedStaged', seedId: 'seed', pages: 2, bytes: 8192, stagingUs: 77 });
    binding.pagerEvents({ type: 'seedFailed', seedId: 'seed', error: nativeError(7) });
    await coordinator.until('both', () => coordinator.events.length === 2);
    assert.equal(coordinator.events[0]!.seedStaged?.stagingUs, 77);
    assert.equal(coordinator.events[1]!.seedFailed?.error?.code, 'RESOURCE_EXHAUSTED');
    await coordinator.command({ fork: node.fork(['b']) });
    assert.equal(binding.opens.length, 2);
  });

  it('a spawner that is lost takes every child with it, and is replaced', async () => {
    const { binding, coordinator } = node;
    await coordinator.command({ fork: node.fork(['a', 'b']) });
    binding.spawnerEvents(binding.started('a'));
    binding.spawnerEvents({ type: 'closed' });
    assert.deepEqual(await node.kinds('a', 'EXITED'), ['STARTED', 'EXITED']);
    assert.deepEqual(await node.kinds('b', 'FAILED'), ['FAILED']);
    for (const { child } of coordinator.forkEvents().slice(1)) assert.equal(child?.error?.code, 'SPAWNER_LOST');
    await coordinator.command({ fork: node.fork(['c']) });
    assert.equal(binding.spawnerConnections, 2);
    binding.spawnerEvents(binding.started('c'));
    assert.deepEqual(await node.kinds('c', 'STARTED'), ['STARTED']);
  });

  it('keeps what happens while there is no coordinator, and registers those that live', async () => {
    const { binding, coordinator } = node;
    await coordinator.command({ fork: node.fork(['a', 'b', 'c']) });
    binding.spawnerEvents(binding.started('a'), binding.started('b'));
    await node.kinds('b', 'STARTED');
    coordinator.stop();
    // These may still go to the stream that is dead already.
    binding.spawnerEvents(binding.exited('a', 4));
    binding.spawnerEvents(binding.failed('c'));
    await coordinator.start();
    await coordinator.until('a register', () => coordinator.registers.length === 2);
    const { children, seedIds } = coordinator.registers[1]!;
    assert.deepEqual(
      children.map(({ childId }) => childId),
      ['b'],
    );
    assert.deepEqual(seedIds, ['seed']);
    assert.deepEqual(await node.kinds('a', 'EXITED'), ['STARTED', 'EXITED']);
    assert.deepEqual(await node.kinds('c', 'FAILED'), ['FAILED']);
  });

  it('finds the children of an earlier agent, and reports those that ended meanwhile', async () => {
    const { binding, coordinator } = node;
    await node.agent!.close();
    binding.pageSize = 1;
    binding.records = [
      binding.record('a'),
      binding.record('b', { exited: true, exitCode: 5 }),
      binding.record('c', { hostPid: 0 }),
    ];
    await node.startAgent();
    const [child, ...others] = coordinator.registers.at(-1)!.children;
    assert.deepEqual([child?.childId, child?.seedId, child?.hostPid, others.length], ['a', 'seed', 1007, 0]);
    await node.kinds('b', 'EXITED');
    assert.equal(coordinator.forkEvents('b')[0]!.child?.exitCode, 5);
    await eventually(() => binding.forgotten.includes('b'));
    binding.spawnerEvents(binding.started('c'));
    await node.kinds('c', 'STARTED');
  });

  it('misses no exit that comes while the children are listed', async () => {
    const { binding, coordinator } = node;
    await node.agent!.close();
    binding.pageSize = 1;
    binding.records = [binding.record('a'), binding.record('b')];
    binding.onList = ([first]: ChildRecord[]) => {
      if (first?.id === 'b') binding.spawnerEvents(binding.exited('a', 6));
    };
    await node.startAgent();
    await node.kinds('a', 'EXITED');
    assert.equal(coordinator.forkEvents('a')[0]!.child?.exitCode, 6);
  });

  it('looks again for a child whose exit went to an earlier agent', async () => {
    const { binding, coordinator } = node;
    await node.agent!.close();
    binding.records = [binding.record('a'), binding.record('b')];
    await node.startAgent();
    binding.records = [binding.record('a', { exited: true, exitCode: 8 }), binding.record('b')];
    await node.kinds('a', 'EXITED');
    assert.equal(coordinator.forkEvents('a')[0]!.child?.exitCode, 8);
    assert.deepEqual(coordinator.forkEvents('b'), []);
  });

  it('close() leaves daemons, children and parents alone', async () => {
    const { binding, coordinator } = node;
    const { fd, peer } = await node.sockets.make();
    binding.onFork = () => Promise.resolve([fd]);
    await coordinator.command({ fork: node.fork(['a', 'b'], { hasControl: true, streamOutput: true }) });
    binding.spawnerEvents(binding.started('a'), binding.exited('b', 2));
    await node.agent!.close();
    assert.deepEqual(coordinator.forkEvents().map(kindOf), ['STARTED', 'EXITED']);
    assert.deepEqual(binding.kills, []);
    assert.ok(!binding.calls.some((call) => call.endsWith('.shutdown')));
    assert.deepEqual(binding.calls.slice(-2).sort(), ['pager.close', 'spawner.close']);
    await peer.until(() => peer.closed);
  });

  it('close() ends also while a daemon is being replaced and a fork waits for it', async () => {
    const { binding, coordinator } = node;
    await coordinator.command({ fork: node.fork(['a']) });
    binding.onHello = () => refuse(nativeError(4));
    binding.spawnerEvents({ type: 'closed' });
    coordinator.send({ fork: node.fork(['b']) });
    await eventually(() => binding.spawnerConnections === 2);
    await node.agent!.close();
    assert.equal(binding.forks.length, 1);
  });

  it('does not start without its daemons', async () => {
    await node.agent!.close();
    node.agent = undefined;
    node.binding.onHello = (daemon) => (daemon === 'pager' ? refuse(nativeError(6)) : Promise.resolve());
    await assert.rejects(node.startAgentAlone(), ({ code }: { code: number }) => code === 6);
    assert.ok(node.binding.calls.includes('spawner.close'));
  });
});
