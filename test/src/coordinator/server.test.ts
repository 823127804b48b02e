// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import type * as CoordinatorModule from '../../../dist/coordinator/index.js';
import type * as LogModule from '../../../dist/log/index.js';
import type * as ProtoModule from '../../../dist/proto/index.js';
import type * as StoreModule from '../../../dist/store/index.js';
import { built } from '../built.js';
import { collect, eventually, refusal, TestCluster } from './cluster.js';

const { startCoordinator } = await built<typeof CoordinatorModule>('coordinator/index.js');
const { LmdbStore } = await built<typeof StoreModule>('store/index.js');
const { silentLogger } = await built<typeof LogModule>('log/index.js');
const { ChildState: State, ForkEventKind: Kind, serviceNames } = await built<typeof ProtoModule>('proto/index.js');

const standard = protobuf.parse(`syntax = "proto3"; package t;
  message Check { string service = 1; } message Health { int32 status = 1; }
  message Ask { string host = 1; oneof q { string file_containing_symbol = 4; string list_services = 7; } }
  message Files { repeated bytes file_descriptor_proto = 1; }
  message Service { string name = 1; } message Services { repeated Service service = 1; }
  message Failure { int32 error_code = 1; }
  message Told { Files file_descriptor_response = 4; Services list_services_response = 6; Failure error_response = 7; }`).root;
const coder = (name: string) => {
  const type = standard.lookupType(`t.${name}`);
  return {
    encode: (value: object) => Buffer.from(type.encode(type.fromObject(value)).finish()),
    decode: (data: Buffer) => type.toObject(type.decode(data), { arrays: true }) as Record<string, unknown>,
  };
};

describe('coordinator, server', () => {
  let cluster: TestCluster;
  let raw: grpc.Client;
  beforeEach(async () => {
    cluster = await TestCluster.start();
    raw = new grpc.Client(cluster.endpoint, grpc.credentials.createInsecure());
  });
  afterEach(async () => {
    raw.close();
    await cluster.close();
  });

  const health = (service: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + 5000 };
      const path = '/grpc.health.v1.Health/Check';
      const done = (error: grpc.ServiceError | null, answer?: Record<string, unknown>) =>
        error ? reject(error) : resolve(answer!['status'] as number);
      raw.makeUnaryRequest(
        path,
        coder('Check').encode,
        coder('Health').decode,
        { service },
        new grpc.Metadata(),
        options,
        done,
      );
    });

  const reflect = async (...questions: object[]): Promise<Record<string, unknown>[]> => {
    const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
    const options = { deadline: Date.now() + 5000 };
    const call = raw.makeBidiStreamRequest(path, coder('Ask').encode, coder('Told').decode, options);
    for (const question of questions) call.write(question);
    call.end();
    return collect(call as AsyncIterable<Record<string, unknown>>);
  };

  it('says that it is healthy, for each service', async () => {
    for (const name of ['', ...serviceNames]) assert.equal(await health(name), 1, name);
    await assert.rejects(health('farfork.v1.Other'), { code: grpc.status.NOT_FOUND });
  });

  it('describes itself by reflection', async () => {
    const symbols = ['farfork.v1.ChildService', 'farfork.v1.ForkEvent', 'farfork.v1.Nothing'];
    const asks = symbols.map((fileContainingSymbol) => ({ fileContainingSymbol }));
    const [listed, service, message, nothing] = await reflect({ listServices: '*' }, ...asks);
    const names = (listed!['listServicesResponse'] as { service: { name: string }[] }).service.map(({ name }) => name);
    for (const name of serviceNames) assert.ok(names.includes(name), name);
    for (const told of [service, message]) {
      const files = (told!['fileDescriptorResponse'] as { fileDescriptorProto: Buffer[] }).fileDescriptorProto;
      assert.ok(files.length > 0 && files[0]!.includes('ForkEvent'));
    }
    assert.equal((nothing!['errorResponse'] as { errorCode: number }).errorCode, grpc.status.NOT_FOUND);
  });

  it('puts a deadline on calls of clients that give none', async () => {
    const agent = await cluster.agent('n1');
    agent.handlers.fork = () => ({});
    await cluster.client.prepare({ pid: 1, name: 'warm' });
    const { ChildService } = await built<typeof ProtoModule>('proto/index.js');
    const { path, requestSerialize, responseDeserialize } = ChildService.invoke;
    const error = await new Promise<grpc.ServiceError | null>((resolve) => {
      const request = { seed: 'warm', timeoutMs: 100 };
      raw.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (failure) => resolve(failure));
    });
    assert.equal(error?.code, grpc.status.DEADLINE_EXCEEDED);
  });

  it('waits for the end of a child, up to a deadline', async () => {
    const agent = await cluster.agent('n1');
    await cluster.client.prepare({ pid: 1, name: 'warm' });
    const [started] = await collect(cluster.client.fork({ seed: 'warm' }));
    const { childId } = started!.child!;
    await assert.rejects(cluster.client.waitChild(childId, 50), refusal('DEADLINE_EXCEEDED', childId));
    const waiting = cluster.client.waitChild(childId, 5000);
    await cluster.client.killChild(childId, 9);
    assert.equal((await agent.command('kill')).signal, 9);
    agent.events([agent.exited(childId, 137, { signal: 9 })]);
    const child = await waiting;
    assert.deepEqual([child.exitCode, child.signal, child.state], [137, 9, State.CHILD_STATE_EXITED]);
    await cluster.client.killChild(childId);
    await assert.rejects(cluster.client.waitChild('ch_none'), refusal('CHILD_NOT_FOUND'));
    await assert.rejects(cluster.client.killChild('ch_none'), refusal('CHILD_NOT_FOUND'));
  });

  it('reads logs, and follows them until the child ended', async () => {
    const agent = await cluster.agent('n1');
    const files = ['', 'first ', 'oops'];
    agent.handlers.readLogs = ({ readLogs }) => {
      const { fd, offset, maxBytes } = readLogs!;
      return { logs: { data: Buffer.from(files[fd]!).subarray(offset, offset + maxBytes), offset } };
    };
    await cluster.client.prepare({ pid: 1, name: 'warm' });
    const [started] = await collect(cluster.client.fork({ seed: 'warm' }));
    const { childId } = started!.child!;
    const joined = (chunks: { fd: number; data: Uint8Array }[], of: number) =>
      Buffer.concat(chunks.filter(({ fd }) => fd === of).map(({ data }) => data)).toString();
    const now = await collect(cluster.client.childLogs(childId));
    assert.deepEqual([joined(now, 1), joined(now, 2)], ['first ', 'oops']);
    const following = collect(cluster.client.childLogs(childId, { follow: true }));
    files[1] = 'first and last';
    agent.events([agent.exited(childId)]);
    assert.equal(joined(await following, 1), 'first and last');
    await assert.rejects(collect(cluster.client.childLogs('ch_none')), refusal('CHILD_NOT_FOUND'));
  });

  it('reads the logs of a child that writes all the time, without following it for ever', async () => {
    const agent = await cluster.agent('n1');
    agent.handlers.readLogs = ({ readLogs }) => ({ logs: { data: Buffer.from('more '), offset: readLogs!.offset } });
    await cluster.client.prepare({ pid: 1, name: 'warm' });
    const [started] = await collect(cluster.client.fork({ seed: 'warm' }));
    const chunks = await collect(cluster.client.childLogs(started!.child!.childId));
    assert.deepEqual(
      chunks.map(({ fd, data }) => `${fd} ${Buffer.from(data).toString()}`),
      ['1 more ', '2 more '],
    );
  });

  it('drains a node: no new children, until it is undrained', async () => {
    const agent = await cluster.agent('n1');
    await cluster.client.prepare({ pid: 1, name: 'warm' });
    assert.equal((await cluster.client.drainNode('n1')).state, 'draining');
    await assert.rejects(collect(cluster.client.fork({ seed: 'warm', nodes: ['n1'] })), refusal('NODE_DRAINING', 'n1'));
    await assert.rejects(collect(cluster.client.fork({ seed: 'warm' })), refusal('NO_CAPACITY'));
    agent.drop();
    await agent.connect({ seedIds: (await cluster.client.listSeeds()).map(({ seedId }) => seedId) });
    assert.equal((await cluster.client.listNodes())[0]!.state, 'draining');
    await cluster.client.drainNode('n1', { undrain: true });
    assert.equal((await collect(cluster.client.fork({ seed: 'warm' }))).length, 1);
    await assert.rejects(cluster.client.drainNode('none'), refusal('NODE_NOT_FOUND'));
  });

  it('fences the older of two streams of one node', async () => {
    const older = await cluster.agent('n1');
    const newer = await cluster.agent('n1');
    await older.until(() => older.ended !== undefined);
    assert.equal(older.ended!.code, grpc.status.ABORTED);
    assert.ok(newer.registered > older.registered);
    await cluster.client.prepare({ pid: 1, name: 'warm' });
    assert.equal((await collect(cluster.client.fork({ seed: 'warm' })))[0]!.kind, Kind.KIND_STARTED);
    assert.equal(newer.commands.filter(({ fork }) => fork).length, 1);
  });

  it('refuses an agent that does not say who it is, or is nobody', async () => {
    const nameless = await cluster.agent('not a name');
    assert.equal(nameless.ended?.code, grpc.status.INVALID_ARGUMENT);
    assert.deepEqual(await cluster.client.listNodes(), []);
  });

  it('steps down once another coordinator leads the store', async () => {
    const agent = await cluster.agent('n1');
    await cluster.client.prepare({ pid: 1, name: 'warm' });
    const store = LmdbStore.open(join(cluster.folder, 'state'));
    const listen = [`unix:${join(cluster.folder, 'other')}`];
    const other = await startCoordinator({ listen, store, log: silentLogger });
    cluster.defer(() => other.close());
    await assert.rejects(cluster.client.prepare({ pid: 1, name: 'late' }), refusal('FENCED'));
    await agent.until(() => agent.ended !== undefined);
    assert.equal(await health(''), 2);
    for (const call of [
      () => cluster.client.prepare({ pid: 1 }),
      () => collect(cluster.client.fork({ seed: 'warm' })),
      () => cluster.client.drainNode('n1'),
    ]) {
      await assert.rejects(call(), refusal('FENCED'));
    }
    await agent.connect();
    assert.equal(agent.ended?.code, grpc.status.ABORTED);
    await eventually(async () => (await store.list('seed/')).length === 1);
  });

  it('names the address that it cannot have', async () => {
    const options = { stateDir: join(cluster.folder, 'x'), log: silentLogger };
    const taken = cluster.endpoint;
    await assert.rejects(startCoordinator({ ...options, listen: [taken] }), refusal('UNAVAILABLE', taken));
  });

  it('says which port it has', async () => {
    const options = { stateDir: join(cluster.folder, 'y'), log: silentLogger };
    const other = await startCoordinator({ ...options, listen: ['127.0.0.1:0'] });
    cluster.defer(() => other.close());
    assert.match(other.endpoints[0]!, /^127\.0\.0\.1:[1-9]\d*$/);
  });
});
