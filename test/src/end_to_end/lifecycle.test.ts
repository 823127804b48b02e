// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  Cleanup,
  type Cluster,
  farfork,
  main,
  needCluster,
  Program,
  type Ran,
  root,
  startCluster,
  until,
} from './harness.js';

const example = `${root}src/sdk/python/examples/warm_table.py`;

describe('life of parents, seeds and children, by the command line', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  const cleanup = new Cleanup();
  before(async function () {
    needCluster(this);
    cluster = await startCluster();
    cleanup.add(() => cluster.close());
  });
  after(() => cleanup.run());

  async function done(...argv: string[]): Promise<string> {
    const ran: Ran = await farfork(cluster.endpoint, ...argv);
    assert.equal(ran.status, 0, `${argv.join(' ')}: ${ran.err}`);
    return ran.out;
  }

  async function json<T>(...argv: string[]): Promise<T[]> {
    const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
    const out = await done(...argv.slice(0, end), '--json', ...argv.slice(end));
    return out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as T);
  }

  it('an SDK parent becomes a seed and answers requests', async () => {
    const argv = ['--name', 'table', '--env', 'WARM_TABLE_MB=20', '--wait-seed', '--', 'python3', example];
    const [parent, seed] = await json<{ parent: string; node: string; seed: string; state: string }>('run', ...argv);
    assert.equal(parent?.parent, 'table');
    assert.match(seed?.seed ?? '', /./);
    const child = spawn(process.execPath, [main, 'invoke', 'table', '--input', '-'], {
      env: { ...process.env, FARFORK_ENDPOINT: cluster.endpoint },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end('{"key": "user-004711"}');
    let out = '';
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    const [status] = (await once(child, 'close')) as [number];
    assert.equal(status, 0);
    const answer = JSON.parse(out) as { record: { position: number }; checksum: string };
    assert.equal(answer.record.position, 4711);
    const other = JSON.parse(await done('invoke', 'table', '--node', 'node3')) as { checksum: string };
    assert.notEqual(other.checksum, answer.checksum);
    const [inspected] = await json<{ hasControl: boolean; stats: { node: string; pagesFetched: number }[] }>(
      'seed',
      'inspect',
      'table',
    );
    assert.equal(inspected?.hasControl, true);
    assert.ok(inspected.stats.some((stats) => stats.node === 'node3' && stats.pagesFetched > 0));
  });

  it('a handler that fails is CHILD_REPLIED_ERROR', async () => {
    const ran = await farfork(cluster.endpoint, 'invoke', 'table', '--input', `${root}package.json`);
    assert.equal(ran.status, 1, ran.out);
    assert.match(ran.err, /^error: CHILD_REPLIED_ERROR: /);
    assert.match(ran.err, /must be a map with/);
  });

  it('children are listed, read, waited for and ended; seeds renewed and removed', async () => {
    const parent = Program.start('python3', `${root}test/programs/threads_count.py`);
    try {
      await until('the parent counts', () => parent.lines.length > 3);
      const seed = (
        await done('prepare', '--pid', `${parent.pid}`, '--node', 'node2', '--name', 'life', '--ttl', '5m')
      ).trim();
      const children = await json<{ child: string; node: string; hostPid: number }>(
        'fork',
        'life',
        '-n',
        '3',
        '--node',
        'node1',
      );
      const listed = await json<{ child: string; state: string }>('child', 'ls', '--seed', 'life');
      assert.deepEqual(listed.map(({ child }) => child).sort(), children.map(({ child }) => child).sort());
      const [first, second, third] = children.map(({ child }) => child);
      assert.ok(first && second && third);
      await until('it has a log', async () => (await done('child', 'logs', first)).split('\n').length > 3);
      const inUse = await farfork(cluster.endpoint, 'seed', 'rm', 'life');
      assert.match(inUse.err, /^error: SEED_IN_USE: /);
      await done('child', 'kill', first);
      const waited = await farfork(cluster.endpoint, 'child', 'wait', first, '--json');
      assert.equal(waited.status, 3, waited.err);
      assert.equal((JSON.parse(waited.out) as { exitCode: number }).exitCode, 137);
      const late = await farfork(cluster.endpoint, 'child', 'wait', second, '--timeout', '300ms');
      assert.equal(late.status, 124, late.err);
      await done('child', 'kill', '-s', 'TERM', second);
      await farfork(cluster.endpoint, 'child', 'wait', second);
      assert.deepEqual((await json<{ child: string }>('child', 'ls', '--seed', 'life')).length, 1);
      const [renewed] = await json<{ expiresUnixMs: number }>('seed', 'renew', 'life', '--ttl', '1h');
      assert.ok((renewed?.expiresUnixMs ?? 0) > Date.now() + 3_000_000);
      await done('seed', 'rm', '--force', 'life');
      await until('its last child ends', async () => {
        const left = await json<{ seed: string }>('child', 'ls');
        return left.every((child) => child.seed !== seed);
      });
      assert.ok(!(await json<{ name: string }>('seed', 'ls')).some(({ name }) => name === 'life'));
    } finally {
      await parent.stop();
    }
  });

  it('--wait streams the output and reports the end', async () => {
    const sh =
      'import time, sys\nwhile True:\n  time.sleep(0.05)\n  line = sys.stdin.readline()\n  if line: print("got", line.strip(), flush=True); sys.exit(int(line))';
    const parent = Program.start('python3', '-c', sh);
    try {
      const seed = await until('it can be prepared', async () => {
        const ran = await farfork(cluster.endpoint, 'prepare', '--pid', `${parent.pid}`, '--node', 'node1');
        return ran.status === 0 && ran.out.trim();
      });
      const input = `${root}test/programs/seven.txt`;
      const ran = await farfork(cluster.endpoint, 'fork', seed, '--node', 'node2', '--stdin', input, '--wait');
      assert.equal(ran.out, 'got 7\n');
      assert.equal(ran.status, 3, ran.err);
      await done('seed', 'rm', '--force', seed);
    } finally {
      await parent.stop();
    }
  });

  it('a drained node gets no children', async () => {
    await done('node', 'drain', 'node2');
    const refused = await farfork(cluster.endpoint, 'fork', 'table', '--node', 'node2');
    assert.match(refused.err, /error: NODE_DRAINING: /);
    const spread = await json<{ node: string; child: string }>('fork', 'table', '-n', '6');
    assert.ok(spread.every(({ node }) => node !== 'node2'));
    await done('node', 'drain', '--undo', 'node2');
    const [again] = await json<{ node: string }>('fork', 'table', '--node', 'node2');
    assert.equal(again?.node, 'node2');
  });

  it('an agent is killed and started again under running children', async () => {
    const parent = Program.start('python3', `${root}test/programs/threads_count.py`);
    try {
      await until('the parent counts', () => parent.lines.length > 3);
      await done('prepare', '--pid', `${parent.pid}`, '--node', 'node1', '--name', 'steady');
      const children = await json<{ child: string; hostPid: number }>('fork', 'steady', '-n', '4', '--node', 'node2');
      await cluster.killAgent('node2');
      await cluster.startAgent('node2');
      const listed = await json<{ child: string; hostPid: number; state: string }>('child', 'ls', '--seed', 'steady');
      assert.deepEqual(listed.map(({ hostPid }) => hostPid).sort(), children.map(({ hostPid }) => hostPid).sort());
      for (const { child } of children) {
        const before = (await done('child', 'logs', child)).length;
        await until('it goes on', async () => (await done('child', 'logs', child)).length > before);
      }
      const more = await json<{ child: string }>('fork', 'steady', '--node', 'node2');
      assert.equal(more.length, 1);
      await done('seed', 'rm', '--force', 'steady');
      await until(
        'all ended',
        async () => (await json('child', 'ls', '--seed', 'steady').catch(() => [])).length === 0,
      );
    } finally {
      await parent.stop();
    }
  });
});
