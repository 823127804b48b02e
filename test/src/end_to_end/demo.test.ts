// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type * as Demo from '../../../dist/cli/demo/run-demo.js';
import type * as Errors from '../../../dist/errors/index.js';
import { built } from '../built.js';
import { type Cluster, farfork, needCluster } from './harness.js';

const { runDemo } = await built<typeof Demo>('cli/demo/run-demo.js');
const { isErrorCode } = await built<typeof Errors>('errors/index.js');

interface Line {
  type: string;
  right: boolean | number;
  node?: string;
  children?: number;
}

describe('demo', function () {
  this.timeout(120_000);
  before(function () {
    needCluster(this);
  });

  it('gives every child the right answer, and says what happened', async () => {
    const demo = await farfork('', 'demo', '--json');
    assert.equal(demo.status, 0, demo.err + demo.out);
    const lines = demo.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    const children = lines.filter((line) => line.type === 'child');
    assert.equal(children.length, 6);
    assert.ok(children.every((child) => child.right === true));
    assert.deepEqual([...new Set(children.map((child) => child.node))].sort(), ['node2', 'node3']);
    const summary = lines.at(-1) as unknown as Record<string, number>;
    assert.equal(summary['right'], 6);
    for (const name of ['pauseUs', 'resumeP50Ms', 'osForkP50Ms', 'coldStartMs', 'memoryBytes', 'copiesBytes']) {
      assert.ok((summary[name] ?? 0) > 0, name);
    }
    assert.ok((summary['memoryBytes'] ?? 0) < (summary['copiesBytes'] ?? 0), 'children share memory');
  });

  it('is readable on a terminal', async () => {
    const demo = await farfork('', 'demo', '--children', '1', '--size', '20');
    assert.equal(demo.status, 0, demo.err + demo.out);
    for (const word of ['parent pause', 'resume', 'local os.fork()', 'cold start', 'pages of 4 KiB', 'memory']) {
      assert.ok(demo.out.includes(`\n${word}`), `${word} is missing:\n${demo.out}`);
    }
    assert.match(demo.out, /2 of 2 equal those of the same program run cold/);
  });

  for (const victim of ['agent', 'pager'] as const) {
    it(`gives right answers or clear errors when the origin's ${victim} is killed`, async () => {
      const log: string[] = [];
      let killed: Promise<void> | undefined;
      const kill = async (cluster: Cluster): Promise<void> => {
        if (victim === 'agent') await cluster.killAgent('node1');
        else process.kill((await cluster.node('node1')).pagerPid, 'SIGKILL');
      };
      const result = await runDemo({
        childrenPerNode: 8,
        sizeMb: 100,
        log: (text) => log.push(text),
        onFirstChild: (cluster) => {
          killed ??= kill(cluster);
        },
      });
      assert.ok(killed, 'a child ran');
      await killed;
      assert.equal(result.children.length, 16);
      for (const child of result.children) {
        const clear = child.error !== undefined && isErrorCode(child.error.code) && child.error.code !== 'INTERNAL';
        assert.ok(child.right || clear, JSON.stringify({ ...child, log }));
      }
      // The agent is no part of the data's way.
      if (victim === 'agent') assert.ok(result.children.every((child) => child.right));
    });
  }
});
