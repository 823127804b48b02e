// SPDX-License-Identifier: Apache-2.0
import { FarforkError } from '../errors/index.js';
import type { Init, SeedWanted } from '../proto/index.js';
import type { Frame } from './control-socket.js';

/** What a parent's seed frame asks for, or why it cannot be had: the frame comes from any program. */
export function seedWish(parent: string, frame: Frame): Init<SeedWanted> | FarforkError {
  const name = frame['name'] ?? '';
  const ttlMs = frame['ttl_ms'] ?? 0;
  const refused = (seen: string): FarforkError =>
    new FarforkError('INVALID_ARGUMENT', 'agent.seed', `parent ${parent}`, seen);
  if (typeof name !== 'string') return refused('the name of the seed is no string');
  if (typeof ttlMs !== 'number' || !Number.isSafeInteger(ttlMs) || ttlMs < 0) {
    return refused('ttl_ms is no whole number of milliseconds from 0 on');
  }
  return { parent, name, ttlMs };
}
