import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';

import type { Binding, Capture, CaptureOptions, NativeError, PagerEvent } from '../../../dist/native/index.js';
import { Events, FakeDaemon } from './fake-daemon.js';

const load = <T>(path: string): Promise<T> => import(new URL(`../../dist/${path}`, import.meta.url).href) as Promise<T>;
const native = await load<typeof import('../../../dist/native/index.js')>('native/index.js');

const marker = `farfork-capture-test-${String(process.pid)}`;
/** A parent with memory of its own that counts; the test's own descriptors are not its business. */
const program = `
import os, sys, time
os.closerange(3, 4096)
memory = bytearray(os.urandom(1 << 20)) * 8
print('warm', flush=True)
while True: time.sleep(0.01)
`;

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it is gone
  }
}

/** Living processes with our parent's command line, besides the parent itself. */
function twinsOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== parent);
  return pids.filter((pid) => read(`/proc/${pid}/cmdline`).includes(marker)).map(Number);
}

async function gone(parent: number): Promise<void> {
  while (twinsOf(parent).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('capture through the door', () => {
  let binding: Binding;
  let parent: ChildProcess;
  let pid: number;

  const options = (more: Partial<CaptureOptions> = {}): CaptureOptions => {
    return { pid, seedId: 'sd_test', controlInode: 0n, stopTimeoutMs: 2000, maxPauseMs: 0, ...more };
  };
  const refused = async (more: Partial<CaptureOptions>): Promise<number> => {
    const error: unknown = await binding.capture(options(more)).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return (error as NativeError).code;
  };

  before(function () {
    binding = native.loadBinding();
    if (binding.probe().some((probe) => probe.required && !probe.ok)) this.skip();
  });
  beforeEach(async () => {
    parent = spawn('python3', ['-c', program, marker], { stdio: ['ignore', 'pipe', 'inherit'] });
    assert.ok(parent.stdout && parent.pid !== undefined);
    pid = parent.pid;
    await once(parent.stdout, 'data');
  });
  afterEach(async () => {
    const exited = once(parent, 'exit');
    parent.kill('SIGKILL');
    await exited;
    for (const twin of twinsOf(pid)) process.kill(twin, 'SIGKILL');
  });

  it('takes a seed, leaves the parent running, and ends the twin on release', async () => {
    const capture = await binding.capture(options());
    assert.equal(capture.pid, pid);
    assert.equal(capture.threadCount, 1);
    assert.equal(capture.hasControl, false);
    assert.ok(capture.pauseUs > 0 && capture.forkUs > 0 && capture.forkUs <= capture.pauseUs);
    assert.ok(capture.vmaCount > 10 && capture.descriptorBytes > 1000);
    assert.equal(twinsOf(pid).length, 1);
    assert.match(read(`/proc/${String(pid)}/status`), /TracerPid:\t0/);
    capture.release();
    capture.release();
    await gone(pid);
  });

  it('takes several at once', async () => {
    const other = spawn('python3', ['-c', program, marker], { stdio: ['ignore', 'pipe', 'inherit'] });
    assert.ok(other.pid !== undefined);
    await once(other.stdout, 'data');
    const captures = await Promise.all([binding.capture(options()), binding.capture(options({ pid: other.pid }))]);
    for (const capture of captures) capture.release();
    other.kill('SIGKILL');
    await once(other, 'exit');
    await gone(pid);
  });

  it('hands the seed over to the pager, and keeps it when the pager refuses', async () => {
    const daemon = await FakeDaemon.start();
    const events = new Events<PagerEvent>();
    const pager = await binding.connectPager(daemon.socketPath, events.sink, 1000);
    const capture = await binding.capture(options());
    const credentials = { key: new Uint8Array(32), leaseEpoch: 1, leaseExpiresUnixMs: 1 };
    const importAs = (seedId: string, from: Capture = capture) => pager.importSeed(from, { seedId, ...credentials });

    await assert.rejects(importAs('refuse-46'), { code: 46 });
    assert.equal(twinsOf(pid).length, 1);
    const first = importAs('sd_test');
    await assert.rejects(importAs('sd_test'), { code: 2 }); // it is being taken
    const reply = await first;
    assert.deepEqual([reply.layoutPages, reply.descriptorBytes], [1, capture.descriptorBytes]);
    assert.deepEqual(await events.until((all) => all.length > 0), [
      { type: 'seedStaged', seedId: 'sd_test', pages: 1, bytes: 4096, stagingUs: 9 },
    ]);
    capture.release();
    assert.equal(twinsOf(pid).length, 1, 'the twin is the pager’s now');
    await assert.rejects(importAs('sd_test'), { code: 2 });

    const second = await binding.capture(options());
    const refused = assert.rejects(importAs('refuse-46', second), { code: 46 });
    second.release(); // takes effect when the answer is known
    await refused;
    for (const twin of twinsOf(pid)) process.kill(twin, 'SIGKILL');
    await gone(pid);
    pager.close();
    await daemon.stop();
  });

  it('names what cannot be captured', async () => {
    assert.equal(await refused({ pid: 0x7fffffff }), 20);
    assert.equal(await refused({ pid: 2 }), 22);
    assert.equal(await refused({ seedId: '' }), 2);
    assert.throws(() => void binding.capture(options({ pid: 1.5 })), TypeError);
    assert.match(read(`/proc/${String(pid)}/status`), /TracerPid:\t0/);
  });
});
