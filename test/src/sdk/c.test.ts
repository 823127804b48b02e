// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FakeAgent } from './fake-agent.js';
import { packValue as pack, unpackValue as unpack } from 'farfork';
import { values } from './vectors.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sdk = join(root, 'src/sdk/c');

function compile(output: string, source: string, flags: string[]): void {
  const args = [
    '-Wall',
    '-Wextra',
    '-Werror',
    '-pthread',
    `-I${sdk}`,
    ...flags,
    '-o',
    output,
    source,
    join(sdk, 'farfork.c'),
  ];
  const run = spawnSync('cc', args, { encoding: 'utf8', timeout: 170_000 });
  assert.equal(run.status, 0, run.stderr);
}

describe('C SDK', function () {
  this.timeout(180_000);
  let folder: string;
  let program: string;
  let lookup: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'farfork-c-sdk-'));
    program = join(folder, 'sdk_test');
    lookup = join(folder, 'lookup');
    compile(program, join(root, 'test/c/sdk_test.c'), ['-g', '-O1', '-fsanitize=address,undefined']);
    compile(lookup, join(sdk, 'examples/lookup.c'), ['-O2']);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function transcode(lines: string[]): string[] {
    const input = lines.map((line) => `${line}\n`).join('');
    const run = spawnSync(program, ['transcode'], { input, encoding: 'utf8', maxBuffer: 1 << 26, timeout: 170_000 });
    assert.equal(run.status, 0, run.stderr);
    return run.stdout.trimEnd().split('\n');
  }

  it('carries what msgpackr packs, and msgpackr what it packs', () => {
    const lines = transcode(values.map((value) => pack(value).toString('hex')));
    assert.equal(lines.length, values.length);
    lines.forEach((line, index) => assert.deepEqual(unpack(Buffer.from(line, 'hex')), unpack(pack(values[index]))));
  });

  it('reads extensions and narrow floats', () => {
    assert.deepEqual(transcode(['ca3fc00000', 'd4050a', 'd6ff00000001', 'c70305010203']), [
      'cb3ff8000000000000',
      ...Array<string>(3).fill('a3657874'),
    ]);
  });

  it('refuses every cut and every byte that starts no value', () => {
    const whole = pack({ a: [1, 2.5, null, 'text'.repeat(20), Buffer.alloc(300), { b: -70000 }], c: 2n ** 60n });
    const cuts = Array.from({ length: whole.length }, (_, length) => whole.subarray(0, length).toString('hex'));
    const bad = ['c1', 'ddffffffff', 'c6ffffffff00', '0102', '91'.repeat(300)];
    assert.deepEqual(new Set(transcode([...cuts, ...bad])), new Set(['error']));
  });

  it('is parent', async () => {
    const agent = new FakeAgent(program, ['seed', 'tables']);
    assert.deepEqual(await agent.seedFrame(), { type: 'seed', name: 'tables', ttl_ms: 5000 });
    agent.send({ type: 'role', role: 'parent', seed: 'sd_9' });
    const { code, out, err } = await agent.end();
    assert.equal(code, 0, err);
    assert.equal(
      out,
      'parent 0 sd_9  0\n-8 only a child may do this | ff_seed() has not returned FF_CHILD in this process\n',
    );
  });

  it('is child', async () => {
    const agent = new FakeAgent(program, ['seed']);
    assert.equal((await agent.seedFrame())['name'], null);
    agent.sendChild('four', 7);
    assert.equal((await agent.end()).out, 'child 7 sd_1 ch_1 5\n');
  });

  it('says why the seed was refused', async () => {
    const agent = new FakeAgent(program, ['seed']);
    await agent.seedFrame();
    agent.send({ type: 'error', code: 'STATE_NOT_CARRIED', message: 'fd 5 (eventpoll)' });
    assert.equal((await agent.end()).out, '-4 the seed was refused | STATE_NOT_CARRIED: fd 5 (eventpoll)\n');
    const sentence = new FakeAgent(program, ['seed']);
    await sentence.seedFrame();
    sentence.send({ type: 'error', code: 'SEED_EXISTS', message: 'SEED_EXISTS: a seed of this name. Choose another.' });
    assert.equal(
      (await sentence.end()).out,
      '-4 the seed was refused | SEED_EXISTS: a seed of this name. Choose another.\n',
    );
  });

  it('says that the agent is gone, or speaks another protocol', async () => {
    const gone = new FakeAgent(program, ['seed']);
    await gone.seedFrame();
    gone.socket.end();
    assert.match((await gone.end()).out, /^-2 the farfork agent is gone/);
    for (const frame of [
      Buffer.from('ffffffff', 'hex'),
      Buffer.from('01000000c1', 'hex'),
      Buffer.from('0100000080', 'hex'),
    ]) {
      const odd = new FakeAgent(program, ['seed']);
      await odd.seedFrame();
      odd.socket.write(frame);
      assert.match((await odd.end()).out, /^-3 the agent speaks another control protocol/);
    }
    assert.match((await new FakeAgent(program, ['seed'], { FARFORK_PROTOCOL: '2' }).end()).out, /^-3 .* protocol 2,/);
  });

  it('says that it was not started by farfork', () => {
    const { FARFORK_CONTROL_FD: _, ...env } = process.env;
    assert.match(spawnSync(program, ['seed'], { env, encoding: 'utf8' }).stdout, /^-1 .* farfork run --name/);
    const closed = { ...env, FARFORK_CONTROL_FD: '99', FARFORK_PROTOCOL: '1' };
    assert.match(spawnSync(program, ['seed'], { env: closed, encoding: 'utf8' }).stdout, /^-1 .* descriptor 99 /);
  });

  it('runs hooks and gives each child its own random numbers', async () => {
    const child = new FakeAgent(program, ['hooks']);
    await child.seedFrame();
    child.sendChild();
    assert.equal((await child.end()).out, `before 2\nbefore 1\nresumed\n${'\n'.repeat(15)}other random\n`);
    const parent = new FakeAgent(program, ['hooks']);
    await parent.seedFrame();
    parent.send({ type: 'role', role: 'parent', seed: 'sd_1' });
    assert.equal((await parent.end()).out, 'before 2\nbefore 1\nafter\nsame random\n');
  });

  it('replies', async () => {
    const agent = new FakeAgent(program, ['reply']);
    await agent.seedFrame();
    const input = { list: [1, 'x', null], large: Buffer.alloc(3 << 20, 5) };
    agent.sendChild(input, 3);
    assert.deepEqual(await agent.replyValue(), [3, input]);
    const { code, err } = await agent.end();
    assert.equal(code, 0, err);
  });

  it('serves', async () => {
    const good = new FakeAgent(program, ['serve']);
    await good.seedFrame();
    good.sendChild(7);
    assert.equal(await good.replyValue(), 14);
    assert.equal((await good.end()).code, 0);
    const bad = new FakeAgent(program, ['serve']);
    await bad.seedFrame();
    bad.sendChild(0);
    assert.deepEqual(await bad.receive(), { type: 'error', message: 'cannot divide by 0' });
    assert.equal((await bad.end()).code, 1);
  });

  it('serves on as parent until told to stop, agent or no agent', async () => {
    const agent = new FakeAgent(program, ['serve']);
    await agent.seedFrame();
    agent.send({ type: 'role', role: 'parent', seed: 'sd_1' });
    agent.socket.end();
    const catchesTerm = (): boolean => {
      const status = readFileSync(`/proc/${agent.process.pid}/status`, 'utf8');
      return ((BigInt(`0x${/SigCgt:\s*(\w+)/.exec(status)?.[1] ?? '0'}`) >> 14n) & 1n) === 1n;
    };
    while (!catchesTerm()) await new Promise(setImmediate);
    agent.process.kill('SIGTERM');
    assert.deepEqual(await agent.end(), { code: 0, out: 'stopped\n', err: '' });
  });

  it('example: lookup', async () => {
    const ask = async (input: unknown, index: number): Promise<Record<string, unknown>> => {
      const agent = new FakeAgent(lookup, [], { LOOKUP_MB: '2' });
      assert.equal((await agent.seedFrame())['name'], 'fake');
      agent.sendChild(input, index);
      const answer = await agent.replyValue();
      assert.equal((await agent.end()).code, 0);
      return answer as Record<string, unknown>;
    };
    const own = await ask(undefined, 5);
    const asked = await ask({ rank: 5 }, 0);
    assert.deepEqual({ ...own, index: 0 }, asked);
    const agent = new FakeAgent(lookup, [], { LOOKUP_MB: '2' });
    await agent.seedFrame();
    agent.sendChild({ rank: 1e6 });
    assert.match(String((await agent.receive())?.['message']), /beyond the table/);
    await once(agent.process, 'exit');
    await agent.end();
  });
});
