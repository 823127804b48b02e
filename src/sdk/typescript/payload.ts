// SPDX-License-Identifier: Apache-2.0
import { C1, Packr, type Options } from 'msgpackr';

const options: Options = {
  useRecords: false,
  variableMapSize: true,
  encodeUndefinedAsNil: true,
  // A number where it is exact, a bigint beyond; the option exists, the library's types lack it.
  int64AsType: 'auto' as 'number',
};
const codec = new Packr(options);

/**
 * A value as MessagePack: null, boolean, number, bigint (64 bits), string, Uint8Array, array, plain object, Map, Date.
 * Integers stay integers up to 2^53, where msgpackr alone makes floats of those above 32 bits. Throws on anything else.
 */
export function packValue(value: unknown): Buffer {
  return codec.pack(withWideIntegers(value));
}

/** The value of one MessagePack encoding. Maps become objects; integers beyond 2^53 become bigints. Throws. */
export function unpackValue(data: Uint8Array): unknown {
  const value = codec.unpack(data) as unknown;
  if (value === C1) throw new Error('the byte 0xc1 starts no value');
  return value;
}

/** The same value, its safe integers beyond 32 bits as bigints; copies only what has some. */
function withWideIntegers(value: unknown): unknown {
  if (typeof value === 'number') {
    const wide = Number.isSafeInteger(value) && (value > 0xffffffff || value < -0x80000000);
    return wide ? BigInt(value) : value;
  }
  if (Array.isArray(value)) {
    const items = value.map(withWideIntegers);
    return items.some((item, index) => item !== value[index]) ? items : (value as unknown);
  }
  if (value instanceof Map) {
    return new Map([...value].map(([key, item]) => [withWideIntegers(key), withWideIntegers(item)]));
  }
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    const entries = Object.entries(value).map(([key, item]) => [key, item, withWideIntegers(item)] as const);
    if (entries.every(([, before, after]) => before === after)) return value;
    return Object.fromEntries(entries.map(([key, , after]) => [key, after]));
  }
  return value;
}
