import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Socket } from 'node:net';

import type { Binding, ForkChild, PagerEvent, SpawnerEvent } from '../../../dist/native/index.js';
import { Events, FakeDaemon, rejection } from './fake-daemon.js';

const load = <T>(path: string): Promise<T> => import(new URL(`../../dist/${path}`, import.meta.url).href) as Promise<T>;
const native = await load<typeof import('../../../dist/native/index.js')>('native/index.js');

const key = new Uint8Array(32).fill(7);
const open = { key, leaseEpoch: 3, sourceHost: '10.0.0.2', sourcePort: 7071, deadlineMs: 1000 };

function child(childId: string, index: number, hasControl = false): ForkChild {
  return { childId, index, stdinPath: '', hasControl, inheritFiles: true, inheritStdio: false };
}

async function readAll(fd: number): Promise<string> {
  const chunks: Buffer[] = [];
  const socket = new Socket({ fd });
  socket.on('data', (chunk) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

const openFds = (): number => readdirSync('/proc/self/fd').length;

/** Descriptors of an earlier test's child process may go meanwhile, so fewer is fine. */
const assertNoMoreFds = (before: number): void => {
  assert.ok(openFds() <= before, `${String(openFds())} descriptors, before ${String(before)}`);
};

describe('native door', () => {
  let binding: Binding;
  let daemon: FakeDaemon;

  before(() => {
    binding = native.loadBinding();
  });
  beforeEach(async () => {
    daemon = await FakeDaemon.start();
  });
  afterEach(async () => {
    await daemon.stop();
  });

  const pager = (events = new Events<PagerEvent>()) => binding.connectPager(daemon.socketPath, events.sink, 1000);
  const spawner = (events = new Events<SpawnerEvent>()) => binding.connectSpawner(daemon.socketPath, events.sink, 1000);

  it('carries every pager call', async () => {
    const events = new Events<PagerEvent>();
    const connection = await pager(events);
    assert.deepEqual(await connection.hello(), {
      pid: 42,
      fabricHost: '10.0.0.1',
      fabricPort: 7071,
      seedIds: ['a', 'b'],
    });
    assert.deepEqual(await connection.openSeed({ ...open, seedId: 's' }), {
      layoutPages: 3,
      descriptorBytes: 32,
      elapsedUs: 7071,
      wasOpen: true,
    });
    await connection.setLease('s', 1, 2);
    await connection.reclaimSeed('s', true);
    const failed = { code: 46, stage: 'fake', object: 's', detail: 'forced', sysErrno: 0 };
    assert.deepEqual(await events.until((all) => all.length > 0), [{ type: 'seedFailed', seedId: 's', error: failed }]);
    const stats = await connection.seedStats('s');
    assert.equal(stats.staged, true);
    assert.equal(stats.layoutPages, 1);
    assert.equal(stats.imageResidentBytes, 2 ** 40);
    assert.deepEqual(await connection.childStats('c'), {
      faults: 1,
      pagesShared: 2,
      pagesCopied: 3,
      pagesZeroed: 4,
      pagesFetched: 5,
    });
    await connection.shutdown();
    connection.close();
  });

  it('carries every spawner call', async () => {
    const events = new Events<SpawnerEvent>();
    const connection = await spawner(events);
    assert.deepEqual(await connection.hello(), { pid: 43, pagerPid: 42, readyCells: 8 });
    await connection.configurePool(3, true);
    assert.deepEqual(await connection.listChildren(''), {
      children: [
        {
          id: 'c',
          seedId: 's',
          pid: 1,
          hostPid: 2,
          exited: true,
          exitCode: -1,
          signal: 9,
          startedAtUnixMs: 2 ** 41,
          stdoutFd: -1,
          stderrFd: -1,
        },
      ],
      more: false,
    });
    await connection.forgetChild('c');
    await connection.kill('c', 15);
    const error = { code: 64, stage: 'fake', object: 'c', detail: 'killed', sysErrno: 0 };
    assert.deepEqual(await events.until((all) => all.length === 2), [
      { type: 'childExited', childId: 'c', exitCode: -1, signal: 15, error },
      { type: 'pagerLost', pagerPid: 42 },
    ]);
    await connection.shutdown();
    connection.close();
  });

  it('forks a batch larger than a packet and gives the control sockets in order', async () => {
    const before = openFds();
    const events = new Events<SpawnerEvent>();
    const connection = await spawner(events);
    const children = Array.from({ length: 200 }, (_, index) => child(`c${String(index)}`, index, index % 2 === 0));
    const requestedAtNs = process.hrtime.bigint();
    const ends = await connection.fork({ seedId: 's', requestedAtNs, deadlineMs: 1000, children });
    assert.equal(ends.length, 200);
    for (const [index, end] of ends.entries()) {
      assert.equal(end >= 0, index % 2 === 0);
      if (end >= 0) assert.equal(await readAll(end), `hello c${String(index)}`);
    }
    const all = await events.until((seen) => seen.filter((event) => event.type === 'childExited').length === 200);
    assert.deepEqual(
      all.find((event) => event.type === 'childStarted' && event.childId === 'c199'),
      {
        type: 'childStarted',
        childId: 'c199',
        stdoutFd: 20,
        stderrFd: 21,
        seedId: 's',
        pid: 199,
        hostPid: 1199,
        requestedAtNs,
        receivedAtNs: requestedAtNs + 1n,
        firstInstructionNs: requestedAtNs + 2n,
      },
    );
    assert.deepEqual(
      all.find((event) => event.type === 'childExited' && event.childId === 'c7'),
      { type: 'childExited', childId: 'c7', exitCode: 7, signal: 0, error: null },
    );
    assert.deepEqual(await connection.fork({ seedId: 's', requestedAtNs, deadlineMs: 1000, children: [] }), []);
    for (let round = 0; round < 50; ++round) {
      events.all.length = 0;
      await connection.fork({ seedId: 's', requestedAtNs, deadlineMs: 1000, children: [child('one', 1)] });
      assert.deepEqual(events.all, [], 'who awaits a reply is told before the events that followed it');
      await events.until((seen) => seen.length === 2);
    }
    connection.close();
    assertNoMoreFds(before);
  });

  it('fails the children of a refused packet one by one, and a refused batch as a whole', async () => {
    const before = openFds();
    const events = new Events<SpawnerEvent>();
    const connection = await spawner(events);
    const children = Array.from({ length: 70 }, (_, index) => child(`c${String(index)}`, index, true));
    const options = { seedId: 'half', requestedAtNs: 1n, deadlineMs: 1000, children };
    const ends = await connection.fork(options);
    assert.deepEqual(
      ends.map((end) => end >= 0),
      children.map((_, index) => index < 64),
    );
    const all = await events.until((seen) => seen.filter((event) => event.type === 'childFailed').length === 6);
    const failed = all.filter((event) => event.type === 'childFailed');
    assert.deepEqual(
      failed.map((event) => [event.childId, event.error.code]),
      [64, 65, 66, 67, 68, 69].map((index) => [`c${String(index)}`, 47]),
    );
    for (const end of ends.filter((fd) => fd >= 0)) await readAll(end);
    assert.equal((await rejection(connection.fork({ ...options, seedId: 'refuse-40' }))).code, 40);
    connection.close();
    assertNoMoreFds(before);
  });

  it('runs a parent with a control socket and knows its inode', async () => {
    const connection = await spawner();
    const options = {
      id: 'p',
      env: [],
      cwd: '/',
      root: '',
      stdinPath: '',
      stdoutPath: '',
      stderrPath: '',
      controlFd: 100,
    };
    const reply = await connection.run({ ...options, argv: ['a', 'b'], hasControl: true });
    assert.equal(reply.hostPid, 2);
    assert.equal(await readAll(reply.controlFd), String(reply.controlInode));
    const plain = await connection.run({ ...options, argv: ['a'], hasControl: false });
    assert.deepEqual(plain, { hostPid: 1, controlFd: -1, controlInode: 0n });
    const tooLarge = await rejection(connection.run({ ...options, argv: ['x'.repeat(200_000)], hasControl: true }));
    assert.equal(tooLarge.code, 2);
    connection.close();
  });

  it('rejects with the catalogue error that the daemon gave', async () => {
    const connection = await pager();
    const error = await rejection(connection.openSeed({ ...open, seedId: 'refuse-41' }));
    assert.deepEqual(
      { ...error },
      { code: 41, stage: 'fake.stage', object: 'seed refuse-41', detail: 'as asked', sysErrno: 5 },
    );
    connection.close();
  });

  it('throws TypeError for wrong arguments and refuses foreign objects', async () => {
    const connection = await pager();
    const bad = connection as unknown as Record<string, (...values: unknown[]) => unknown>;
    assert.throws(() => bad['seedStats']?.(5), /TypeError: seedId must be a string/);
    assert.throws(() => bad['openSeed']?.({ ...open, seedId: 's', key: new Uint8Array(31) }), TypeError);
    assert.throws(() => bad['openSeed']?.({ ...open, seedId: 's', sourcePort: 70_000 }), TypeError);
    assert.throws(() => bad['openSeed']?.({ ...open, seedId: 's', leaseEpoch: 1.5 }), TypeError);
    assert.throws(() => bad['importSeed']?.({}, { ...open, leaseExpiresUnixMs: 1 }), TypeError);
    assert.throws(() => bad['setLease']?.call({}, 's', 1, 2), /Illegal invocation|Invalid argument/);
    assert.throws(() => new (connection.constructor as new () => unknown)(), TypeError);
    connection.close();
  });

  it('refuses a fabric read that cannot be, within its deadline', async () => {
    const nobody = { ...open, seedId: 's', sourceHost: '127.0.0.1', sourcePort: 1 };
    const error = await rejection(binding.fabricRead(nobody, 65_536, 65_536));
    assert.match(error.stage, /^fabric/);
    assert.equal((await rejection(binding.fabricRead(nobody, 0, 65_536))).code, 2);
    assert.throws(() => void binding.fabricRead({ ...nobody, key: new Uint8Array(1) }, 4096, 4096), TypeError);
  });

  it('probes this machine', () => {
    const probes = binding.probe();
    assert.ok(probes.length > 20);
    for (const probe of probes) {
      assert.ok(probe.name && probe.detail);
      assert.equal(probe.ok, probe.advice === '');
    }
  });
});
