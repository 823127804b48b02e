// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cleanup, type Cluster, farfork, needCluster, Program, startCluster, until } from './harness.js';

/** Copies numbers from standard input to standard output, a duplicate of it in turns, and says who it is. */
const COPIES = `import os, time
os.dup2(1, 7)
for turn in range(100000):
    line = b""
    while not line.endswith(b"\\n"): line += os.read(0, 1)
    os.write((1, 7)[turn % 2], (b"child " if os.getppid() == 0 else b"parent ") + line)
    if turn % 10 == 0: os.write(2, b"tenth\\n")
    time.sleep(0.01)`;

describe('fork --stdio', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  const cleanup = new Cleanup();
  before(async function () {
    needCluster(this);
    cluster = await startCluster({ nodes: 2 });
    cleanup.add(() => cluster.close());
  });
  after(() => cleanup.run());

  it("inherit-files: regular files at 0, 1 and their duplicates stay the parent's, at the same offsets", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'farfork-test-'));
    cleanup.add(() => {
      rmSync(folder, { recursive: true });
    });
    const [numbers, out] = [join(folder, 'numbers'), join(folder, 'out')];
    writeFileSync(numbers, Array.from({ length: 5000 }, (_, number) => `${number}\n`).join(''));
    const command = 'exec python3 -c "$1" <"$2" >>"$3"';
    const parent = Program.start('sh', '-c', command, 'sh', COPIES, numbers, out);
    const said = (who: string): number[] =>
      readFileSync(out, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith(`${who} `))
        .map((line) => Number(line.split(' ')[1]));
    try {
      await until('the parent copies', () => parent.lines.length > 0 && said('parent').length > 5);
      const prepared = await farfork(
        cluster.endpoint,
        'prepare',
        '--pid',
        `${parent.pid}`,
        '--name',
        'copies',
        '--json',
      );
      assert.equal(prepared.status, 0, prepared.err);
      const at = ['fork', 'copies', '--node', 'node2', '--stdio', 'inherit-files', '--json'];
      const forked = await farfork(cluster.endpoint, ...at);
      assert.equal(forked.status, 0, forked.err);
      const { child } = JSON.parse(forked.out) as { child: string };
      const seen = await until('the child copies', () => said('child').length >= 30 && said('child'));
      assert.ok(seen[0] !== undefined && seen[0] > 4 && seen[0] < 500, seen.join());
      seen.forEach((number, index) => assert.equal(number, (seen[0] ?? NaN) + index));
      // Its standard error, a pipe in the parent, is its own.
      const log = await farfork(cluster.endpoint, 'child', 'logs', child);
      assert.match(log.out + log.err, /^(tenth\n)+$/);
      const own = said('parent');
      own.forEach((number, index) => assert.equal(number, index));
    } finally {
      await parent.stop();
    }
  });
});
