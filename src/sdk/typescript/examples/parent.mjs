// SPDX-License-Identifier: Apache-2.0
//
// A warm parent in Node.
//
//     farfork run --name words -- node parent.mjs
//
// Today this shows how far Node parents go: a plain Node process holds epoll, eventfd and io_uring descriptors (libuv's
// event loop), which this version of farfork does not carry yet. prepare refuses such a process by name, so seed()
// rejects with STATE_NOT_CARRIED, and the process goes on as if it had not asked.
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
