// SPDX-License-Identifier: Apache-2.0
import { randomInt, randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { loadBinding } from '../../native/index.js';

const poolBytes = 4096;
const bytesPerNumber = 8;
/** A double in [0, 1) has 53 bits of a number's 64. */
const unusedBits = 11n;
const unit = 2 ** -53;
const cachedUuids = 128;
const cachedInts = 1024;

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
    drainCaches();
  };
}

/** What node:crypto drew ahead in the parent: 128 UUIDs, and 6144 bytes for randomInt (Node.js lib/internal/crypto/random.js). */
function drainCaches(): void {
  for (let drawn = 0; drawn < cachedUuids; drawn += 1) randomUUID();
  for (let drawn = 0; drawn < cachedInts; drawn += 1) randomInt(2 ** 47);
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
