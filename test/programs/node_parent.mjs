// SPDX-License-Identifier: Apache-2.0
// A Node parent that has drawn random numbers before it becomes a seed: its generators are warm.
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { serve } from '../../dist/sdk/typescript/index.js';

const words = Array.from({ length: 100_000 }, (_, number) => ((number * 2_654_435_761) % 1_000_003).toString(36));
Math.random();
randomBytes(8);
randomUUID();
randomInt(10);

await serve((input, role) => ({
  index: role.kind === 'child' ? role.index : -1,
  word: words[input],
  random: Math.random(),
  bytes: randomBytes(16).toString('hex'),
  uuid: randomUUID(),
  int: randomInt(2 ** 47),
}));
