// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { FarforkError } from '../errors/index.js';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
/** Names become file names on the nodes. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** `prefix` and that many random characters of base32 (5 bits each). */
export function randomId(prefix: string, length = 16): string {
  let id = prefix;
  for (const byte of randomBytes(length)) id += alphabet.charAt(byte & 31);
  return id;
}

/** Throws INVALID_ARGUMENT. */
export function checkName(what: string, name: string): void {
  if (namePattern.test(name) && !name.startsWith('sd_')) return;
  const detail = `${what}: 1 to 63 letters, digits, dots, dashes and underscores; it must not begin with sd_`;
  throw new FarforkError('INVALID_ARGUMENT', 'coordinator.name', JSON.stringify(name.slice(0, 80)), detail);
}

export function invalid(object: string, detail: string): FarforkError {
  return new FarforkError('INVALID_ARGUMENT', 'coordinator.request', object, detail);
}
