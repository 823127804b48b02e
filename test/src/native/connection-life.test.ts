import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';

import type { Binding, PagerEvent } from '../../../dist/native/index.js';
import { Events, FakeDaemon, rejection } from './fake-daemon.js';

const load = <T>(path: string): Promise<T> => import(new URL(`../../dist/${path}`, import.meta.url).href) as Promise<T>;
const native = await load<typeof import('../../../dist/native/index.js')>('native/index.js');

const open = { key: new Uint8Array(32), leaseEpoch: 3, sourceHost: '10.0.0.2', sourcePort: 7071, deadlineMs: 1000 };

describe('life of a connection', () => {
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

  it('gives up at the deadline and stays usable', async () => {
    const connection = await pager();
    const error = await rejection(connection.openSeed({ ...open, deadlineMs: 0, seedId: 'silent' }));
    assert.equal(error.code, 3);
    assert.equal((await connection.hello()).pid, 42);
    connection.close();
  });

  it('rejects everything and says closed once when the daemon goes', async () => {
    const events = new Events<PagerEvent>();
    const connection = await pager(events);
    const waiting = [
      connection.seedStats('silent'),
      connection.seedStats('silent'),
      connection.setLease('silent', 1, 1),
    ];
    const rejections = Promise.all(waiting.map(rejection));
    await daemon.crash();
    assert.deepEqual(
      (await rejections).map((error) => error.code),
      [4, 4, 4],
    );
    assert.deepEqual(await events.until((all) => all.length > 0), [{ type: 'closed' }]);
    assert.equal((await rejection(connection.hello())).code, 4);
    connection.close();
    assert.deepEqual(events.all, [{ type: 'closed' }]);
  });

  it('rejects what waits when it is closed here, without an event', async () => {
    const events = new Events<PagerEvent>();
    const connection = await pager(events);
    const waiting = rejection(connection.seedStats('silent'));
    connection.close();
    connection.close();
    assert.equal((await waiting).code, 4);
    assert.equal((await rejection(connection.hello())).code, 4);
    assert.deepEqual(events.all, []);
  });

  it('says that nobody listens, within the time given', async () => {
    const error = await rejection(binding.connectPager(`${daemon.socketPath}-absent`, () => undefined, 0));
    assert.equal(error.code, 4);
    assert.equal(error.stage, 'control.connect');
  });

  it('keeps Node.js alive for a request only, and ends with its environment', async () => {
    const script = `
      const binding = require(${JSON.stringify(native.addonPath)});
      binding.connectPager(${JSON.stringify(daemon.socketPath)}, () => {}, 1000).then(async (connection) => {
        await connection.hello();
        globalThis.connection = connection;
        process.on('exit', () => console.log('exit'));
      });`;
    const idle = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    for await (const chunk of idle.stdout) out += String(chunk);
    assert.equal(out, 'exit\n');

    const flood = `for (;;) connection.reclaimSeed('s', true).catch(() => {}), await new Promise(setImmediate);`;
    for (const rest of ['', flood, `connection.seedStats('silent').catch(() => {});`, 'process.exit(0);']) {
      const code = `const { parentPort } = require('node:worker_threads');
        const binding = require(${JSON.stringify(native.addonPath)});
        binding.connectPager(${JSON.stringify(daemon.socketPath)}, () => {}, 1000).then(async (connection) => {
          await connection.hello();
          parentPort.postMessage('up');
          ${rest}
        });`;
      const worker = new Worker(code, { eval: true });
      await new Promise((resolve) => worker.once('message', resolve));
      await worker.terminate();
    }
  });

  it('makes an exception of onEvent an uncaught one', () => {
    const script = `
      const binding = require(${JSON.stringify(native.addonPath)});
      process.on('uncaughtException', (error) => process.exit(error.message === 'boom' ? 7 : 8));
      const fail = () => { throw new Error('boom'); };
      binding.connectSpawner(${JSON.stringify(daemon.socketPath)}, fail, 1000).then((connection) => {
        connection.kill('c', 9).catch(() => {});
        setTimeout(() => connection, 10000);
      });`;
    assert.equal(spawnSync(process.execPath, ['-e', script], { stdio: 'inherit', timeout: 20_000 }).status, 7);
  });

  it('is collected with its object', () => {
    const script = `
      const { readdirSync } = require('node:fs');
      const binding = require(${JSON.stringify(native.addonPath)});
      const threads = () => readdirSync('/proc/self/task').length;
      const connect = () => binding.connectPager(${JSON.stringify(daemon.socketPath)}, () => {}, 1000);
      (async () => {
        await (await connect()).hello();
        const before = threads();
        for (let round = 0; round < 20; ++round) await (await connect()).hello();
        for (let round = 0; round < 50 && threads() > before; ++round) {
          gc();
          await new Promise((resolve) => setImmediate(resolve));
        }
        process.exit(threads() <= before ? 0 : 1);
      })();`;
    const run = spawnSync(process.execPath, ['--expose-gc', '-e', script], { stdio: 'inherit', timeout: 20_000 });
    assert.equal(run.status, 0);
  });
});
