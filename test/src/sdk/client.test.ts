// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as grpc from '@grpc/grpc-js';
import { ForkEventKind, connect, packValue, unpackValue, type Client, type ForkEvent } from 'farfork';
import { serveFake, type FakeService } from './fake-service.js';
import { errors, proto } from './under-test.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

type Unary = grpc.ServerUnaryCall<Record<string, unknown>, unknown>;
type Stream = grpc.ServerWritableStream<Record<string, unknown>, unknown>;
type Callback = grpc.sendUnaryData<unknown>;

/** What the fake service was asked last, and the deadline it saw. */
let asked: { path: string; request: Record<string, unknown>; deadlineMs: number };
let cancelled: Promise<void>;

function note(call: Unary | Stream): Record<string, unknown> {
  const deadlineMs = Number(call.getDeadline()) - Date.now();
  asked = { path: call.getPath(), request: call.request, deadlineMs };
  return call.request;
}

function answer(
  make: (request: Record<string, unknown>) => unknown,
): grpc.handleUnaryCall<Record<string, unknown>, unknown> {
  return (call: Unary, callback: Callback) => {
    const request = note(call);
    try {
      callback(null, make(request));
    } catch (error) {
      callback(errors.toGrpc(error));
    }
  };
}

const seed = { seedId: 'sd_1', name: 'table', layoutPages: 2 ** 40 };
const child = { childId: 'ch_1', exitCode: 137 };

function forkHandler(call: Stream): void {
  note(call);
  const event = (kind: ForkEventKind, output?: Uint8Array): unknown => ({ kind, child, output });
  call.write({ events: [event(ForkEventKind.KIND_STARTED), event(ForkEventKind.KIND_REPLIED, packValue([1, 2]))] });
  if (call.request['seed'] === 'endless') {
    cancelled = once(call, 'cancelled').then(() => undefined);
    return;
  }
  if (call.request['seed'] === 'broken') {
    call.emit('error', errors.toGrpc(new errors.FarforkError('SOURCE_LOST', 'pager.fetch', 'node1', 'gone')));
    return;
  }
  call.write({ events: [event(ForkEventKind.KIND_EXITED)] });
  call.end();
}

const services: [grpc.ServiceDefinition, grpc.UntypedServiceImplementation][] = [
  [
    proto.ParentService,
    {
      run: answer(({ name, waitSeedMs }) => ({ parent: { name }, ...(waitSeedMs ? { seed } : {}) })),
      list: answer(() => ({ parents: [{ name: 'table' }] })),
      stop: answer(() => ({})),
    },
  ],
  [
    proto.SeedService,
    {
      prepare: answer(() => ({ seed })),
      list: answer(() => ({ seeds: [seed] })),
      get: answer(({ seed: name }) => {
        if (name === 'table') return { seed };
        throw new errors.FarforkError('SEED_NOT_FOUND', 'registry.get', `seed ${String(name)}`, 'no such seed');
      }),
      remove: answer(() => ({})),
      renew: answer(() => ({ seed })),
    },
  ],
  [
    proto.ChildService,
    {
      fork: forkHandler,
      invoke: answer(({ input }) => ({ reply: packValue({ got: unpackValue(input as Buffer) }), child })),
      list: answer(() => ({ children: [child] })),
      kill: answer(() => ({})),
      wait: (call: Unary) => void note(call), // never answers
      logs: (call: Stream) => {
        note(call);
        call.write({ data: Buffer.from('out'), fd: 1 });
        call.end();
      },
    },
  ],
  [
    proto.NodeService,
    {
      list: answer(() => ({ nodes: [{ name: 'node1' }] })),
      drain: answer(({ name, undrain }) => ({ node: { name, state: undrain ? 'ready' : 'draining' } })),
    },
  ],
];

describe('client', () => {
  let service: FakeService;
  let client: Client;
  before(async () => {
    service = await serveFake(services);
    client = await connect(service.endpoint);
  });
  after(async () => {
    client.close();
    await service.idle();
    await service.stop();
  });

  async function code(promise: Promise<unknown>): Promise<string> {
    const error = await promise.then(
      () => assert.fail('it did not reject'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof errors.FarforkError, String(error));
    return error.code;
  }

  it('runs, lists and stops parents', async () => {
    const ran = await client.run({ name: 'table', argv: ['a', 'b'], env: { K: 'V' }, waitSeedMs: 60_000 });
    assert.equal(ran.parent.name, 'table');
    assert.equal(ran.seed.layoutPages, 2 ** 40);
    assert.deepEqual([asked.request['argv'], asked.request['env']], [['a', 'b'], { K: 'V' }]);
    assert.ok(asked.deadlineMs > 80_000 && asked.deadlineMs <= 90_000, `${asked.deadlineMs}`);
    assert.equal((await client.run({ name: 'other' })).seed.seedId, '');
    assert.equal((await client.listParents())[0]?.name, 'table');
    await client.stopParent('table');
    assert.deepEqual(asked.request, { name: 'table', signal: 15 });
  });

  it('prepares, gets, renews and removes seeds', async () => {
    assert.equal((await client.prepare({ pid: 7, ttlMs: 2 ** 40 })).seedId, 'sd_1');
    assert.equal(asked.request['pid'], 7);
    assert.equal(asked.request['ttlMs'], 2 ** 40);
    assert.equal((await client.listSeeds()).length, 1);
    assert.equal((await client.getSeed('table')).name, 'table');
    await client.renewSeed('table', 5000);
    assert.deepEqual(asked.request, { seed: 'table', ttlMs: 5000 });
    await client.removeSeed('table', { force: true });
    assert.deepEqual(asked.request, { seed: 'table', force: true });
  });

  it('forks', async () => {
    const events: ForkEvent[] = [];
    for await (const event of client.fork({ seed: 'table', count: 3, inputs: [packValue(1)] })) events.push(event);
    assert.deepEqual(
      events.map((event) => event.kind),
      [ForkEventKind.KIND_STARTED, ForkEventKind.KIND_REPLIED, ForkEventKind.KIND_EXITED],
    );
    assert.deepEqual(unpackValue(events[1]!.output), [1, 2]);
    assert.equal(asked.request['count'], 3);
    assert.ok(asked.deadlineMs <= 15_000);
  });

  it('ends a fork early: by leaving the loop, a signal, a deadline or close()', async () => {
    for await (const event of client.fork({ seed: 'endless', wait: true })) {
      assert.equal(event.kind, ForkEventKind.KIND_STARTED);
      break;
    }
    await cancelled;
    const all = async (
      from: Client,
      options: { signal?: AbortSignal; timeoutMs?: number },
      seen?: () => void,
    ): Promise<void> => {
      for await (const _ of from.fork({ seed: 'endless', wait: true }, options)) seen?.();
    };
    const stop = new AbortController();
    assert.equal(await code(all(client, { signal: stop.signal }, () => stop.abort())), 'CANCELLED');
    await cancelled;
    assert.equal(await code(all(client, { signal: stop.signal })), 'CANCELLED');
    assert.equal(await code(all(client, { timeoutMs: 50 })), 'DEADLINE_EXCEEDED');
    const other = await connect(service.endpoint);
    assert.equal(await code(all(other, {}, () => other.close())), 'CANCELLED');
    assert.equal(await code(all(other, {})), 'CANCELLED');
    assert.equal(await code(other.listNodes()), 'CANCELLED');
  });

  it('invokes', async () => {
    assert.deepEqual(await client.call('table', { key: 5 }), { got: { key: 5 } });
    assert.equal(asked.request['timeoutMs'], 30_000);
    assert.ok(asked.deadlineMs > 30_000);
    const { reply, child: one } = await client.invoke({ seed: 'table', input: packValue(null), timeoutMs: 100 });
    assert.deepEqual(unpackValue(reply), { got: null });
    assert.equal(one.childId, 'ch_1');
    assert.ok(asked.deadlineMs < 6000);
  });

  it('lists, kills and awaits children, and reads their logs', async () => {
    assert.equal((await client.listChildren({ all: true }))[0]?.exitCode, 137);
    await client.killChild('ch_1');
    assert.deepEqual(asked.request, { childId: 'ch_1', signal: 9 });
    assert.equal(await code(client.waitChild('ch_1', 100, { timeoutMs: 50 })), 'DEADLINE_EXCEEDED');
    assert.deepEqual(asked.request, { childId: 'ch_1', timeoutMs: 100 });
    const stop = new AbortController();
    const waiting = code(client.waitChild('ch_1', undefined, { signal: stop.signal }));
    stop.abort();
    assert.equal(await waiting, 'CANCELLED');
    for await (const chunk of client.childLogs('ch_1', { follow: true }))
      assert.equal(Buffer.from(chunk.data).toString(), 'out');
    assert.deepEqual(asked.request, { childId: 'ch_1', follow: true });
  });

  it('lists and drains nodes', async () => {
    assert.equal((await client.listNodes())[0]?.name, 'node1');
    assert.equal((await client.drainNode('node1')).state, 'draining');
    assert.equal((await client.drainNode('node1', { undrain: true })).state, 'ready');
  });

  it('rejects with the error of the service', async () => {
    const error = await client.getSeed('nothing').catch((reason: unknown) => reason);
    assert.ok(error instanceof errors.FarforkError);
    assert.deepEqual(error.toDetail(), {
      code: 'SEED_NOT_FOUND',
      stage: 'registry.get',
      object: 'seed nothing',
      detail: 'no such seed',
    });
    const events: ForkEventKind[] = [];
    const broken = async (): Promise<void> => {
      for await (const event of client.fork({ seed: 'broken' })) events.push(event.kind);
    };
    assert.equal(await code(broken()), 'SOURCE_LOST');
    assert.equal(events.length, 2);
  });

  it('says quickly that nothing listens, or that what listens does not answer', async () => {
    const silent = createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const endpoint = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    silent.on('connection', (socket) => socket.on('error', () => undefined).resume());
    assert.equal(await code(connect(endpoint, { connectTimeoutMs: 100 })), 'UNAVAILABLE');
    silent.close();
    await once(silent, 'close');
    assert.equal(await code(connect(endpoint)), 'UNAVAILABLE');
    assert.equal(await code(connect('unix:/nonexistent/farfork.sock')), 'UNAVAILABLE');
  });

  it('leaves no connection open and lets the process end', async () => {
    const other = await connect(service.endpoint);
    await other.listNodes();
    const before = service.connections();
    assert.ok(before >= 2);
    other.close();
    other.close();
    client.close();
    await service.idle();
    client = await connect(service.endpoint);
    const program = `import { connect } from 'farfork';
      const client = await connect(process.argv[1]);
      console.log((await client.listNodes()).length);
      client.close();`;
    const started = Date.now();
    const run = spawn(process.execPath, ['--input-type=module', '-e', program, service.endpoint], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    assert.deepEqual(await once(run, 'exit'), [0, null]);
    assert.ok(Date.now() - started < 8000, 'the process lingered');
  });

  it('example: client.mjs', async () => {
    const example = join(root, 'src/sdk/typescript/examples/client.mjs');
    const run = spawn(process.execPath, [example, 'table'], {
      env: { ...process.env, FARFORK_ENDPOINT: service.endpoint },
    });
    let out = '';
    run.stdout.on('data', (data: Buffer) => (out += data.toString()));
    run.stderr.pipe(process.stderr);
    assert.deepEqual(await once(run, 'close'), [0, null]);
    assert.match(out, /one request: \{ got: \{ key: 'user-004711' \} \}/);
    assert.match(out, /ch_1 says \[ 1, 2 \]/);
  });
});
