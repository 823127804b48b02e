import assert from 'node:assert/strict';

import { Metadata, status, type ServiceError } from '@grpc/grpc-js';

const load = <T>(path: string): Promise<T> => import(new URL(`../../dist/${path}`, import.meta.url).href) as Promise<T>;
const errors = await load<typeof import('../../../dist/errors/index.js')>('errors/index.js');
const { decodeDetail, encodeDetail } = await load<typeof import('../../../dist/errors/detail.js')>('errors/detail.js');
const { asFarforkError, catalogue, errorTrailer, FarforkError, fromDetail, fromGrpc, fromNative, toGrpc } = errors;

function received(sent: ReturnType<typeof toGrpc>): ServiceError {
  return Object.assign(new Error(sent.details), { code: sent.code, details: sent.details, metadata: sent.metadata });
}

function bare(code: status): ServiceError {
  return Object.assign(new Error('bare'), { code, details: 'bare', metadata: new Metadata() });
}

describe('errors', () => {
  it('say what failed, where, for what, and what to do', () => {
    const error = new FarforkError('SEED_NOT_FOUND', 'pager.open', 'seed sd_1', 'nothing here');
    assert.equal(
      error.message,
      'SEED_NOT_FOUND: No seed has this id or name, or it was removed at pager.open for seed sd_1: nothing here. ' +
        'List seeds with farfork seed ls.',
    );
    assert.equal(error.entry.exit, 1);
    assert.ok(error instanceof Error);
  });

  it('survive the way over gRPC, for every code of the catalogue', () => {
    for (const entry of Object.values(catalogue)) {
      const error = new FarforkError(entry.code, 'some.stage', 'objet é', 'détail');
      const sent = toGrpc(error);
      assert.equal(sent.code, status[entry.grpc as keyof typeof status], entry.code);
      const back = fromGrpc(received(sent));
      assert.deepEqual(back.toDetail(), error.toDetail());
      assert.equal(back.message, error.message);
      assert.deepEqual(fromDetail(error.toDetail()).toDetail(), error.toDetail());
    }
  });

  it('map bare statuses, which no farfork process made', () => {
    assert.equal(fromGrpc(bare(status.UNAVAILABLE)).code, 'UNAVAILABLE');
    assert.equal(fromGrpc(bare(status.DEADLINE_EXCEEDED)).code, 'DEADLINE_EXCEEDED');
    assert.equal(fromGrpc(bare(status.UNIMPLEMENTED)).code, 'INTERNAL');
    const broken = bare(status.UNAVAILABLE);
    broken.metadata.set(errorTrailer, Buffer.from([0xff, 0xff]));
    assert.equal(fromGrpc(broken).code, 'UNAVAILABLE');
  });

  it('map native errors by number', () => {
    for (const entry of Object.values(catalogue)) {
      assert.equal(fromNative({ code: entry.number, stage: 's', object: 'o', detail: 'd' }).code, entry.code);
    }
    const unknown = fromNative({ code: 9999, stage: 's', object: 'o', detail: 'd' });
    assert.equal(unknown.code, 'INTERNAL');
    assert.match(unknown.detail, /9999/);
  });

  it('take in anything that was thrown', () => {
    const known = new FarforkError('FENCED', 's', 'o', 'd');
    assert.equal(asFarforkError(known), known);
    const native = Object.assign(new Error('x'), { code: 41, stage: 's', object: 'o', detail: 'd' });
    assert.equal(asFarforkError(native).code, 'SEED_KEY_WRONG');
    assert.equal(asFarforkError(received(toGrpc(known))).code, 'FENCED');
    assert.equal(asFarforkError(new TypeError('bug'), 'agent.fork', 'child c').detail, 'bug');
    assert.equal(asFarforkError('text').code, 'INTERNAL');
    assert.equal(toGrpc(new Error('bug')).code, status.INTERNAL);
  });

  it('encode details compactly, skip unknown fields and refuse nonsense', () => {
    const detail = { code: 'FENCED', stage: '', object: 'o', detail: 'x'.repeat(5000) };
    const bytes = encodeDetail(detail);
    assert.ok(bytes.length < 1100);
    assert.deepEqual(decodeDetail(bytes), { ...detail, detail: 'x'.repeat(1024) });
    const longer = Buffer.concat([bytes, Buffer.from([(9 << 3) | 0, 5])]);
    assert.deepEqual(decodeDetail(longer)?.code, 'FENCED');
    assert.equal(decodeDetail(bytes.subarray(0, bytes.length - 1)), undefined);
  });
});
