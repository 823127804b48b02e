// SPDX-License-Identifier: Apache-2.0
const table = Array.from({ length: 50_000 }, (_, index) => `v${index * 7}`);
let step = 0;
let state = 1n;
setInterval(() => {
  state = (state * 6364136223846793005n + BigInt(table[step % 50_000].length)) % (1n << 64n);
  step += 1;
  process.stdout.write(`${step} ${state}\n`);
}, 5);
