// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import type * as ProtoModule from '../../../dist/proto/index.js';
import type { Codec } from '../../../dist/proto/index.js';
import { built } from '../built.js';

const proto = await built<typeof ProtoModule>('proto/index.js');
const folder = fileURLToPath(new URL('../../proto', import.meta.url));
const root = new protobuf.Root();
root.resolvePath = (_origin, path) => join(folder, path);
root.loadSync('farfork/v1/agent.proto').resolveAll();

const types = (root.lookup('farfork.v1') as protobuf.Namespace).nestedArray.filter(
  (object): object is protobuf.Type => object instanceof protobuf.Type,
);
const codecOf = (type: protobuf.Type) => (proto as unknown as Record<string, Codec<object>>)[type.name]!;
/** Numbers for uint64, as ours; every field present. */
const plain = { longs: Number, enums: Number, defaults: true } as const;

const samples: Record<string, (round: number) => unknown> = {
  string: (round) => ['x', 'ünï\u{1f600}', 'long '.repeat(200)][round % 3],
  bytes: (round) => Buffer.from([0, 255, round, 128]),
  bool: () => true,
  int32: (round) => [-1, 2 ** 31 - 1, -(2 ** 31), 5][round % 4],
  uint32: (round) => [1, 127, 128, 2 ** 32 - 1][round % 4],
  uint64: (round) => [1, 2 ** 32, 2 ** 53 - 1, 1.7e12][round % 4],
  double: (round) => [0.5, -1e300, Math.PI][round % 3],
};

/** A message with every field set; of a oneof, the one that the round picks. */
function sample(type: protobuf.Type, round: number): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  for (const field of type.fieldsArray) {
    const { partOf } = field.resolve();
    if (partOf && partOf.fieldsArray[round % partOf.fieldsArray.length] !== field) continue;
    const one = (): unknown => {
      if (field.resolvedType instanceof protobuf.Type) return sample(field.resolvedType, round);
      if (field.resolvedType instanceof protobuf.Enum) return 1;
      return samples[field.type]!(round);
    };
    message[field.name] = field.map ? { a: '1', '': 'empty key', b: '' } : field.repeated ? [one(), one()] : one();
  }
  return message;
}

/** Buffers compare by content; absent and undefined fields are the same; maps lose their order. */
function normal(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined && item !== null);
  return Object.fromEntries(entries.map(([key, item]) => [key, normal(item)]).sort());
}

describe('generated codecs', () => {
  it('exist for every message', () => {
    assert.ok(types.length > 60);
    for (const type of types) assert.equal(typeof codecOf(type).encode, 'function', type.name);
  });

  for (const type of types) {
    it(`${type.name}: the same bytes as protobufjs, both ways`, () => {
      const codec = codecOf(type);
      for (let round = 0; round < 12; round += 1) {
        const message = sample(type, round);
        const theirs = type.encode(type.fromObject(message)).finish();
        const ours = codec.encode(message);
        assert.deepEqual(normal(type.toObject(type.decode(ours), { ...plain, defaults: false })), normal(message));
        assert.deepEqual(normal(codec.decode(theirs)), normal(type.toObject(type.decode(theirs), plain)));
      }
      const empty = codec.decode(Buffer.alloc(0));
      assert.deepEqual(normal(empty), normal(type.toObject(type.decode(Buffer.alloc(0)), plain)));
      assert.deepEqual(normal(codec.create()), normal(empty));
      assert.equal(codec.encode(empty).length, 0);
    });
  }

  it('give plain objects: spreading and printing lose no field', () => {
    const child = proto.Child.decode(proto.Child.encode({ childId: 'c' }));
    assert.deepEqual({ ...child }, child);
    assert.equal((JSON.parse(JSON.stringify(child)) as { exitCode: number }).exitCode, 0);
  });

  it('skip fields that they do not know', () => {
    const known = Buffer.from(proto.Child.encode({ childId: 'c', index: 3 }));
    const unknown = protobuf.Writer.create().uint32(8002).string('later').uint32(8008).uint32(1).finish();
    const child = proto.Child.decode(Buffer.concat([unknown, known, unknown]));
    assert.deepEqual([child.childId, child.index], ['c', 3]);
  });

  it('refuse what is cut off or lies about a length', () => {
    const whole = proto.ForkEvent.encode({ child: { childId: 'abc', error: { code: 'X', detail: 'y' } } });
    for (let length = 1; length < whole.length; length += 1) {
      assert.throws(() => proto.ForkEvent.decode(whole.subarray(0, length)), RangeError);
    }
    // The child claims one byte less than its first field has.
    const lying = Buffer.from(whole);
    lying[1] = 4;
    assert.throws(() => proto.ForkEvent.decode(lying), Error);
  });
});
