// SPDX-License-Identifier: Apache-2.0

function repeated<T>(count: number, item: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => item(index));
}

const integers = [
  0,
  1,
  127,
  128,
  255,
  256,
  65535,
  65536,
  2 ** 32 - 1,
  -1,
  -32,
  -33,
  -128,
  -129,
  -32768,
  -32769,
  -(2 ** 31),
];
const wide = [
  2n ** 32n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  -(2n ** 31n) - 1n,
  -(2n ** 53n),
  -(2n ** 63n),
];

/** Values that every SDK has to carry both ways. */
export const values: unknown[] = [
  null,
  true,
  false,
  ...integers,
  ...wide,
  0.5,
  -1e300,
  Number.MIN_VALUE,
  2 ** 40 + 0.5,
  '',
  'plain',
  'Grüße, 世界 🌍',
  ...[31, 32, 255, 256, 65535, 65536].map((length) => 'x'.repeat(length)),
  ...[0, 1, 255, 256, 65535, 65536].map((length) => Buffer.alloc(length, 7)),
  ...[0, 15, 16, 65536].map((length) => repeated(length, (index) => index)),
  ...[0, 15, 16, 70000].map((length) => Object.fromEntries(repeated(length, (index) => [`key-${index}`, index]))),
  { a: [1, { b: [null, [true, ['deep']]] }], c: Buffer.from([0, 255]), d: { e: {} } },
];
