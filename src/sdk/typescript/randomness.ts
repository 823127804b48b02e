// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readSync } from 'node:fs';
import { loadBinding } from '../../native/index.js';

const poolBytes = 4096;
const bytesPerNumber = 8;
/** A double in [0, 1) has 53 bits of a number's 64. */
const unusedBits = 11n;
const unit = 2 ** -53;

/**
 * What a child calls. Every child starts with the parent's generators: without this, all children would draw the same
 * numbers, keys and UUIDs. Math.random() is replaced, since V8 lets nobody reseed it; OpenSSL, behind node:crypto and
 * TLS, is reseeded. Throws CAPABILITY_MISSING, in the parent, when the addon, which reaches OpenSSL, is not built.
 */
export function randomnessReseeder(): () => void {
  const binding = loadBinding();
  return () => {
    replaceMathRandom();
    binding.reseedOpenssl();
  };
}

function replaceMathRandom(): void {
  const pool = Buffer.alloc(poolBytes);
  let used = poolBytes;
  Math.random = (): number => {
    if (used === poolBytes) {
      refill(pool);
      used = 0;
    }
    const bits = pool.readBigUInt64LE(used) >> unusedBits;
    used += bytesPerNumber;
    return Number(bits) * unit;
  };
}

/** From the kernel, whose bytes differ in every child. */
function refill(pool: Buffer): void {
  const source = openSync('/dev/urandom', 'r');
  try {
    readSync(source, pool);
  } finally {
    closeSync(source);
  }
}
