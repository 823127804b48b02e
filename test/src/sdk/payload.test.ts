// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { packValue, unpackValue } from 'farfork';
import { values } from './vectors.js';

describe('payload', () => {
  it('carries every value', () => {
    for (const value of values) {
      const safe = typeof value === 'bigint' && BigInt(Number(value)) === value && Number.isSafeInteger(Number(value));
      const expected = safe ? Number(value) : value === 2n ** 53n || value === -(2n ** 53n) ? Number(value) : value;
      assert.deepEqual(unpackValue(packValue(value)), expected);
    }
  });

  it('keeps integers integers', () => {
    const isInteger = (value: number): boolean => [0xcf, 0xd3].includes(packValue(value)[0]!);
    for (const value of [2 ** 32, Date.now(), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, -(2 ** 31) - 1]) {
      assert.ok(isInteger(value), String(value));
      assert.equal(unpackValue(packValue(value)), value);
    }
    assert.equal(packValue(2 ** 60)[0], 0xcb);
    const input = { a: [1, { b: 2 ** 40 }], c: 'x' };
    assert.deepEqual(unpackValue(packValue(input)), input);
    assert.deepEqual(unpackValue(packValue(new Map([['k', 2 ** 40]]))), { k: 2 ** 40 });
  });

  it('packs undefined as nil and refuses what has no form', () => {
    assert.equal(packValue(undefined).toString('hex'), 'c0');
    assert.deepEqual(unpackValue(packValue({ a: undefined })), { a: null });
    assert.throws(() => packValue(2n ** 64n), RangeError);
    assert.throws(() => packValue(Symbol('x')));
  });

  it('refuses bytes that are no value', () => {
    assert.throws(() => unpackValue(Buffer.from('c1', 'hex')));
    assert.throws(() => unpackValue(Buffer.from('92', 'hex')));
    assert.throws(() => unpackValue(Buffer.from('0102', 'hex')));
  });
});
