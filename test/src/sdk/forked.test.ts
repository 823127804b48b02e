// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ForkEventKind, packValue, unpackValue, type FarforkError } from 'farfork';
import { Cleanup, needCluster, root, startCluster, type Cluster } from '../end_to_end/harness.js';

/** What test/python/forked_parent.py answers. */
interface Answer {
  request: unknown;
  hooks: string[];
  index: number;
  random: number;
  ssl: Uint8Array;
  pid: number;
  thread: boolean;
  threads: number;
}

/** What test/programs/node_parent.mjs answers. */
interface NodeAnswer {
  index: number;
  word: string;
  random: number;
  bytes: string;
  uuid: string;
  int: number;
}

const SEED_MS = 60_000;

describe('SDK parents, forked for real', function () {
  this.timeout(180_000);
  let cluster: Cluster;
  const cleanup = new Cleanup();
  before(async function () {
    needCluster(this);
    const folder = mkdtempSync(join(tmpdir(), 'farfork-sdk-'));
    cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
    const sdk = `${root}src/sdk/c`;
    const args = [
      '-O2',
      '-pthread',
      `-I${sdk}`,
      '-o',
      join(folder, 'lookup'),
      `${sdk}/examples/lookup.c`,
      `${sdk}/farfork.c`,
    ];
    const compiled = spawnSync('cc', args, { encoding: 'utf8' });
    assert.equal(compiled.status, 0, compiled.stderr);
    cluster = await startCluster({ nodes: 2 });
    cleanup.add(() => cluster.close());
    const { client } = cluster;
    const run = (name: string, ...argv: string[]): Promise<unknown> =>
      client.run({
        name,
        node: 'node1',
        argv,
        env: { PATH: process.env['PATH'] ?? '', LOOKUP_MB: '4' },
        cwd: root,
        waitSeedMs: SEED_MS,
      });
    await run('sdk-python', 'python3', 'test/python/forked_parent.py');
    await run('sdk-c', join(folder, 'lookup'));
  });
  after(() => cleanup.run());

  async function code(promise: Promise<unknown>): Promise<FarforkError> {
    return promise.then(
      () => assert.fail('it did not reject'),
      (error: unknown) => error as FarforkError,
    );
  }

  it('Python: each child has its own input, index and random numbers, and all threads', async () => {
    const inputs = [0, 1, 2, 3].map((part) => packValue({ part, at: 2 ** 40 }));
    const answers: Answer[] = [];
    const failed: string[] = [];
    const request = { seed: 'sdk-python', count: 4, nodes: ['node2', 'node1'], inputs, wantReplies: true };
    for await (const event of cluster.client.fork(request)) {
      if (event.kind === ForkEventKind.KIND_REPLIED) answers.push(unpackValue(event.output) as Answer);
      if (event.child?.error) failed.push(event.child.error.code);
    }
    assert.deepEqual(failed, []);
    answers.sort((left, right) => left.index - right.index);
    assert.deepEqual(
      answers.map((answer) => answer.request),
      [0, 1, 2, 3].map((part) => ({ part, at: 2 ** 40 })),
    );
    assert.deepEqual(
      answers.map((answer) => answer.hooks),
      [0, 1, 2, 3].map((index) => ['before', `after ${index}`]),
    );
    assert.equal(new Set(answers.map((answer) => answer.random)).size, 4);
    assert.equal(new Set(answers.map((answer) => Buffer.from(answer.ssl).toString('hex'))).size, 4);
    assert.equal(new Set(answers.map((answer) => answer.pid)).size, 1);
    assert.ok(answers.every((answer) => answer.thread && answer.threads === 2));
  });

  it('Python: a handler that raises, and a child that just ends', async () => {
    const raised = await code(cluster.client.call('sdk-python', 'fail', { node: 'node2' }));
    assert.equal(raised.code, 'CHILD_REPLIED_ERROR');
    assert.match(raised.message, /LookupError: nothing here/);
    assert.equal((await code(cluster.client.call('sdk-python', 'exit'))).code, 'CHILD_EXITED');
  });

  it('Python: what the parent had buffered is not printed again', async () => {
    const { child } = await cluster.client.invoke({ seed: 'sdk-python', input: packValue(1), node: 'node2' });
    let log = '';
    for await (const chunk of cluster.client.childLogs(child.childId)) log += Buffer.from(chunk.data).toString();
    assert.equal(log, '');
  });

  it('C: children on both nodes answer alike', async () => {
    const [near, far] = await Promise.all(
      ['node1', 'node2'].map((node) => cluster.client.call('sdk-c', { rank: 1234 }, { node })),
    );
    assert.deepEqual(near, far);
    assert.equal(Object.keys(near as object).join(), 'index,hash,number,checksum');
    const beyond = await code(cluster.client.call('sdk-c', { rank: 1e9 }));
    assert.match(beyond.message, /beyond the table/);
  });

  it('Node: each child answers from the warm parent, with random numbers of its own', async () => {
    const argv = [process.execPath, 'test/programs/node_parent.mjs'];
    const run = { name: 'sdk-node', node: 'node1', argv, env: {}, cwd: root, waitSeedMs: SEED_MS };
    await cluster.client.run(run);
    const inputs = [0, 1, 2, 3].map((part) => packValue(part));
    const answers: NodeAnswer[] = [];
    const request = { seed: 'sdk-node', count: 4, nodes: ['node2', 'node1'], inputs, wantReplies: true };
    for await (const event of cluster.client.fork(request)) {
      assert.equal(event.child?.error?.code ?? '', '', JSON.stringify(event.child?.error));
      if (event.kind === ForkEventKind.KIND_REPLIED) answers.push(unpackValue(event.output) as NodeAnswer);
    }
    answers.sort((left, right) => left.index - right.index);
    assert.deepEqual(
      answers.map(({ word }) => word),
      [0, 1, 2, 3].map((part) => ((part * 2_654_435_761) % 1_000_003).toString(36)),
    );
    for (const key of ['random', 'bytes', 'uuid', 'int'] as const) {
      assert.equal(new Set(answers.map((answer) => answer[key])).size, 4, key);
    }
  });
});
