// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandResult } from '../../../dist/proto/index.js';
import { eventually } from '../coordinator/cluster.js';
import { nativeError, refuse } from './fake-binding.js';
import { type Peer, TestNode } from './node.js';

describe('agent: parents', () => {
  let node: TestNode;
  beforeEach(async () => {
    node = await TestNode.start();
  });
  afterEach(() => node.close());

  const run = (name = 'web', parentId = 'pa_1'): Promise<CommandResult> =>
    node.coordinator.command({ runParent: { parentId, request: { name, argv: ['sleep', '9'], env: { A: 'b' } } } });

  async function runWithControl(): Promise<Peer> {
    const { fd, peer } = await node.sockets.make();
    node.binding.onRun = () => Promise.resolve({ hostPid: 501, controlFd: fd, controlInode: 77n });
    assert.equal((await run()).error, undefined);
    return peer;
  }
  const wishes = () => node.coordinator.events.flatMap(({ seedWanted }) => (seedWanted ? [seedWanted] : []));
  const exits = () => node.coordinator.events.flatMap(({ parentExited }) => (parentExited ? [parentExited] : []));

  it('run with the variables of the SDK', async () => {
    const { parent } = await run();
    assert.deepEqual([parent?.name, parent?.node, parent?.hostPid, parent?.state], ['web', 'n1', 501, 'running']);
    const { argv, env, controlFd } = node.binding.runs[0]!;
    assert.deepEqual([argv, controlFd], [['sleep', '9'], 100]);
    for (const each of ['A=b', 'FARFORK_CONTROL_FD=100', 'FARFORK_PROTOCOL=1', 'FARFORK_PARENT=web']) {
      assert.ok(env.includes(each), each);
    }
  });

  it('have a name of their own, also while one is being started', async () => {
    const results = await Promise.all([run('web', 'pa_1'), run('web', 'pa_2')]);
    assert.deepEqual(results.map(({ error }) => error?.code).sort(), ['PARENT_EXISTS', undefined].sort());
    assert.equal(node.binding.runs.length, 1);
  });

  it('leave the name free when they cannot be started', async () => {
    node.binding.onRun = () => refuse(nativeError(2, 'exec: ENOENT'));
    assert.equal((await run()).error?.code, 'INVALID_ARGUMENT');
    node.binding.onRun = () => Promise.resolve({ hostPid: 5, controlFd: -1, controlInode: 0n });
    assert.equal((await run('web', 'pa_2')).error, undefined);
  });

  it('tell their end, also one that comes before the answer to run', async () => {
    const { binding, coordinator } = node;
    binding.onRun = () => {
      binding.spawnerEvents(binding.exited('pa_1', 3));
      return Promise.resolve({ hostPid: 5, controlFd: -1, controlInode: 0n });
    };
    assert.equal((await run()).error, undefined);
    await coordinator.until('the end', () => exits().length === 1);
    assert.deepEqual([exits()[0]!.name, exits()[0]!.exitCode], ['web', 3]);
    await eventually(() => binding.forgotten.includes('pa_1'));
  });

  it('become a seed by their own wish', async () => {
    const { binding, coordinator } = node;
    const peer = await runWithControl();
    peer.send({ type: 'seed', name: 'warm', ttl_ms: 600_000 });
    await coordinator.until('a wish', () => wishes().length === 1);
    assert.deepEqual([wishes()[0]!.parent, wishes()[0]!.name, wishes()[0]!.ttlMs], ['web', 'warm', 600_000]);
    const prepare = { seedId: 'seed', parent: 'web', key: Buffer.alloc(32), leaseEpoch: 1, expiresUnixMs: 9 };
    const { prepare: prepared } = await coordinator.command({ prepare });
    assert.deepEqual([prepared?.seed?.pauseUs, prepared?.seed?.threads, prepared?.seed?.layoutPages], [900, 3, 100]);
    assert.deepEqual([binding.captures[0]!.pid, binding.captures[0]!.controlInode], [501, 77n]);
    assert.deepEqual(await peer.frame(), { type: 'role', role: 'parent', seed: 'seed' });
    // What the coordinator prepares without being asked does not answer anything.
    await coordinator.command({ prepare: { ...prepare, seedId: 'seed2' } });
    await coordinator.command({ fork: node.fork(['a'], { seedId: 'seed2', sourceHost: '' }) });
    assert.equal(peer.frames.length, 1);
    assert.equal(binding.opens.length, 0);
  });

  it('are told why there is no seed', async () => {
    const { binding, coordinator } = node;
    const peer = await runWithControl();
    peer.send({ type: 'seed', name: null, ttl_ms: 0 });
    await coordinator.until('a wish', () => wishes().length === 1);
    const error = { code: 'NAME_TAKEN', stage: '', object: '', detail: '' };
    await coordinator.command({ refuseSeed: { parent: 'web', error: { ...error, code: 'PERMISSION_DENIED' } } });
    assert.equal((await peer.frame())['code'], 'PERMISSION_DENIED');
    peer.send({ type: 'seed', name: null, ttl_ms: 0 });
    await coordinator.until('another', () => wishes().length === 2);
    binding.onCapture = () => refuse(nativeError(27, 'an epoll'));
    const result = await coordinator.command({ prepare: { seedId: 'seed', parent: 'web' } });
    assert.equal(result.error?.code, 'STATE_NOT_CARRIED');
    assert.equal((await peer.frame(1))['code'], 'STATE_NOT_CARRIED');
  });

  for (const wrong of [{ ttl_ms: -1 }, { ttl_ms: 0.5 }, { ttl_ms: 'x' }, { name: 7 }, { ttl_ms: 1e300 }]) {
    it(`are refused ${JSON.stringify(wrong)}`, async () => {
      const peer = await runWithControl();
      peer.send({ type: 'seed', name: null, ttl_ms: 0, ...wrong });
      assert.equal((await peer.frame())['code'], 'INVALID_ARGUMENT');
      assert.deepEqual(wishes(), []);
    });
  }

  it('ask again when the coordinator comes back, once each', async () => {
    const { coordinator } = node;
    const peer = await runWithControl();
    peer.send({ type: 'seed', name: 'warm', ttl_ms: 0 });
    await coordinator.until('a wish', () => wishes().length === 1);
    coordinator.stop();
    await coordinator.start();
    await coordinator.until('a second wish', () => wishes().length === 2);
    await coordinator.command({ prepare: { seedId: 'seed', parent: 'web' } });
    assert.equal((await peer.frame())['seed'], 'seed');
    coordinator.stop();
    await coordinator.start();
    await coordinator.until('a register', () => coordinator.registers.length === 3);
    await run('other', 'pa_2');
    assert.equal(wishes().length, 2);
  });

  it('survive an agent restart', async () => {
    const { binding, coordinator } = node;
    await runWithControl();
    await node.agent!.close();
    binding.records = [binding.record('pa_1', { seedId: '', hostPid: 501 })];
    await node.startAgent();
    const [parent] = coordinator.registers.at(-1)!.parents;
    assert.deepEqual([parent?.name, parent?.hostPid, parent?.hasControl], ['web', 501, true]);
    await coordinator.command({ stopParent: { name: 'web', signal: 0 } });
    assert.deepEqual(binding.kills, [{ id: 'pa_1', signal: 15 }]);
    await coordinator.command({ prepare: { seedId: 'seed', parent: 'web' } });
    assert.equal(binding.captures[0]!.controlInode, 77n);
  });

  it('that ended between two agents are reported by the second', async () => {
    const { binding, coordinator } = node;
    await run();
    await node.agent!.close();
    binding.records = [binding.record('pa_1', { seedId: '', exited: true, exitCode: -1, signal: 9 })];
    await node.startAgent();
    await coordinator.until('the end', () => exits().length === 1);
    assert.equal(exits()[0]!.exitCode, 137);
    assert.deepEqual(readdirSync(join(node.stateDir, 'parents')), []);
  });

  it('that nobody can name any more are ended', async () => {
    const { binding } = node;
    await run();
    await node.agent!.close();
    writeFileSync(join(node.stateDir, 'parents', 'pa_1.json'), '{"id":"pa');
    binding.records = [
      binding.record('pa_1', { seedId: '' }),
      binding.record('pa_2', { seedId: '' }),
      binding.record('pa_3', { seedId: '', exited: true }),
    ];
    await node.startAgent();
    await eventually(() => binding.kills.length === 2 && binding.forgotten.includes('pa_3'));
    assert.deepEqual(binding.kills.map(({ id }) => id).sort(), ['pa_1', 'pa_2']);
  });
});
