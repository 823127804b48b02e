// SPDX-License-Identifier: Apache-2.0
//
// A client program: asks a seed for answers, then forks four children and watches them.
//
//     farfork up &
//     farfork run --name warm-table --wait-seed -- python3 src/sdk/python/examples/warm_table.py
//     node src/sdk/typescript/examples/client.mjs warm-table
import { ForkEventKind, connect, packValue, unpackValue } from 'farfork';

const seed = process.argv[2] ?? 'warm-table';
const client = await connect(process.env.FARFORK_ENDPOINT ?? '127.0.0.1:7070');
try {
  console.log('one request:', await client.call(seed, { key: 'user-004711' }));

  const inputs = [1, 2, 3, 4].map((part) => packValue({ slice: [part * 1000, 1000] }));
  for await (const event of client.fork({ seed, count: inputs.length, inputs, wantReplies: true })) {
    const { childId, node, resumeMs } = event.child;
    if (event.kind === ForkEventKind.KIND_STARTED)
      console.log(`${childId} runs on ${node} after ${resumeMs.toFixed(2)} ms`);
    if (event.kind === ForkEventKind.KIND_REPLIED) console.log(`${childId} says`, unpackValue(event.output));
    if (event.kind === ForkEventKind.KIND_FAILED) console.log(`${childId} failed: ${event.child.error?.code}`);
  }
} finally {
  client.close();
}
