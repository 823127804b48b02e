// SPDX-License-Identifier: Apache-2.0
//
// A warm parent in Node.
//
//     farfork run --name words -- node parent.mjs
//
// Each `farfork invoke words --input -` is one child: it counts its word in the warm table, and ends.
import { FarforkError, serve } from 'farfork';

const counts = new Map();
for (let number = 0; number < 500_000; number += 1) {
  const word = ((number * 2_654_435_761) % 1_000_003).toString(36);
  counts.set(word, (counts.get(word) ?? 0) + 1);
}
console.log(`warm: ${counts.size} words`);

try {
  await serve((input) => ({ word: input, count: counts.get(String(input)) ?? 0 }), {
    name: process.env.FARFORK_PARENT,
  });
} catch (error) {
  if (!(error instanceof FarforkError)) throw error;
  console.error(`no seed: ${error.message}`);
  process.exitCode = error.entry.exit;
}
