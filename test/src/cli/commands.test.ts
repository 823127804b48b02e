// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { FakeCoordinator, FarforkError, proto, type ForkEvent } from './fake-coordinator.js';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const { ForkEventKind: Kind, ChildState: State } = proto;

interface Ran {
  status: number | null;
  out: string;
  err: string;
}

function event(kind: number, index: number, more: Partial<ForkEvent> = {}, exitCode = 0): ForkEvent {
  const state = kind === Kind.KIND_EXITED ? State.CHILD_STATE_EXITED : State.CHILD_STATE_STARTED;
  const places = { childId: `ch_${index}`, seedId: 'sd_1', node: 'n2', pid: 42, hostPid: 1000 + index };
  const child = proto.Child.create({ ...places, state, index, exitCode, resumeMs: 0.5 });
  return proto.ForkEvent.create({ kind, child, ...more });
}

describe('command line', () => {
  const fake = new FakeCoordinator();
  before(() => fake.start());
  after(() => fake.stop());
  beforeEach(() => {
    fake.asked.length = 0;
    fake.prepareError = undefined;
  });

  async function farfork(argv: string[], input = '', environment: NodeJS.ProcessEnv = process.env): Promise<Ran> {
    const env = { ...environment, FARFORK_ENDPOINT: fake.endpoint };
    const child = spawn(process.execPath, [main, ...argv], { env, timeout: 30_000 });
    const ran: Ran = { status: null, out: '', err: '' };
    child.stdout.on('data', (data: Buffer) => (ran.out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (ran.err += data.toString()));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    [ran.status] = (await once(child, 'close')) as [number | null];
    return ran;
  }

  it('prepare prints the id alone, and with --json the key', async () => {
    const plain = await farfork(['prepare', '--pid', '4711', '--ttl', '2m', '--max-pause', '50ms', '--name', 'warm']);
    assert.deepEqual([plain.status, plain.out], [0, 'sd_1\n'], plain.err);
    assert.match(plain.err, /the parent stood still for 1\.50 ms/);
    const request = fake.asked[0] as { pid: number; ttlMs: number; maxPauseMs: number; name: string };
    assert.deepEqual([request.pid, request.ttlMs, request.maxPauseMs, request.name], [4711, 120_000, 50, 'warm']);
    const json = JSON.parse((await farfork(['prepare', 'table', '--json'])).out) as Record<string, unknown>;
    assert.deepEqual([json['seed'], json['key'], json['pauseUs']], ['sd_1', 'ab12', 1500]);
    assert.equal((fake.asked[1] as { parent: string }).parent, 'table');
  });

  it('exits as the catalogue says, and prints code, place and advice', async () => {
    const cases: [string, number][] = [
      ['PROCESS_NOT_FOUND', 1],
      ['KERNEL_THREAD', 2],
      ['ARCHITECTURE_UNSUPPORTED', 4],
      ['PROCESS_DID_NOT_STOP', 124],
    ];
    for (const [code, exit] of cases) {
      fake.prepareError = new FarforkError(code as 'INTERNAL', 'capture.freeze', 'pid 4711', 'seen');
      const ran = await farfork(['prepare', '--pid', '4711']);
      assert.equal(ran.status, exit, ran.err);
      assert.match(ran.err, new RegExp(`^error: ${code}: .+\\n {2}at capture.freeze for pid 4711: seen\\n {2}.+\\n$`));
      assert.equal(ran.out, '');
    }
  });

  it('gives up after --timeout with 124', async () => {
    const ran = await farfork(['seed', 'ls', '--timeout', '200ms']);
    assert.equal(ran.status, 124, ran.err);
    assert.match(ran.err, /^error: DEADLINE_EXCEEDED: /);
  });

  it('fork --json prints a line a child with the fixed keys', async () => {
    fake.forkEvents = [event(Kind.KIND_STARTED, 0), event(Kind.KIND_STARTED, 1)];
    const ran = await farfork(['fork', 'warm', '-n', '2', '--node', 'n1', '--node', 'n2', '--json']);
    assert.equal(ran.status, 0, ran.err);
    const lines = ran.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const first = { child: 'ch_0', seed: 'sd_1', node: 'n2', pid: 42, hostPid: 1000, state: 'started', exitCode: null };
    assert.deepEqual(lines, [
      { ...first, resumeMs: 0.5 },
      { ...first, child: 'ch_1', hostPid: 1001, resumeMs: 0.5 },
    ]);
    const request = fake.asked[0] as {
      seed: string;
      count: number;
      nodes: string[];
      inheritFiles: boolean;
      inheritStdio: boolean;
    };
    assert.deepEqual([request.seed, request.count, request.nodes], ['warm', 2, ['n1', 'n2']]);
    assert.deepEqual([request.inheritFiles, request.inheritStdio], [true, false]);
    const stdio = await farfork(['fork', 'warm', '-n', '2', '--stdio', 'inherit-files']);
    assert.equal(stdio.status, 0, stdio.err);
    assert.equal((fake.asked[1] as { inheritStdio: boolean }).inheritStdio, true);
    const both = await farfork(['fork', 'warm', '--stdin', '/dev/null', '--stdio', 'inherit-files']);
    assert.equal(both.status, 2, both.err);
  });

  it('fork --wait prefixes the output of several children, and exits 3 when one failed', async () => {
    const output = (index: number, text: string, outputFd: number): ForkEvent =>
      event(Kind.KIND_OUTPUT, index, { output: Buffer.from(text), outputFd });
    fake.forkEvents = [
      event(Kind.KIND_STARTED, 0),
      event(Kind.KIND_STARTED, 1),
      output(0, 'half ', 1),
      output(1, 'other\n', 1),
      output(0, 'line\nrest', 1),
      output(1, 'oops\n', 2),
      event(Kind.KIND_EXITED, 0),
      event(Kind.KIND_EXITED, 1, {}, 7),
    ];
    const ran = await farfork(['fork', 'warm', '-n', '2', '--wait']);
    assert.equal(ran.status, 3, ran.err);
    assert.equal(ran.out, 'ch_1: other\nch_0: half line\nch_0: rest\n');
    assert.match(ran.err, /^ch_1: oops\n/);
    assert.match(ran.err, /ch_1 on n2 ended with 7\n/);
    assert.match(ran.err, /2 of 2 children started, 1 failed\n$/);
    const json = await farfork(['fork', 'warm', '-n', '2', '--wait', '--json']);
    const codes = json.out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { exitCode: number }).exitCode);
    assert.deepEqual(codes, [0, 7]);
  });

  it('fork says which child failed and why', async () => {
    const failed = event(Kind.KIND_FAILED, 0);
    failed.child = proto.Child.create({
      childId: 'ch_0',
      state: State.CHILD_STATE_FAILED,
      error: { code: 'RESUME_FAILED', stage: 'spawner.fork', object: 'cell 3', detail: 'seen' },
    });
    fake.forkEvents = [failed];
    const ran = await farfork(['fork', 'warm', '--json']);
    assert.equal(ran.status, 3);
    const line = JSON.parse(ran.out) as { state: string; error: { code: string } };
    assert.deepEqual([line.state, line.error.code], ['failed', 'RESUME_FAILED']);
    assert.match(ran.err, /error: RESUME_FAILED: /);
  });

  it('invoke carries JSON both ways, and bytes with --raw', async () => {
    const json = await farfork(['invoke', 'warm', '--input', '-'], '{"key": [1, 5000000000, null, "ü"]}');
    assert.deepEqual([json.status, json.out], [0, '{"key":[1,5000000000,null,"ü"]}\n'], json.err);
    const raw = await farfork(['invoke', 'warm', '--input', '-', '--raw'], 'no JSON');
    assert.deepEqual([raw.status, raw.out], [0, 'no JSON'], raw.err);
    const wrong = await farfork(['invoke', 'warm', '--input', '-'], 'no JSON');
    assert.equal(wrong.status, 2);
    assert.match(wrong.err, /^error: the input is not JSON .*--raw/);
  });

  it('explains wrong usage with 2, and help with 0', async () => {
    for (const argv of [
      ['fork'],
      ['prepare'],
      ['prepare', 'a', '--pid', '1'],
      ['nonsense'],
      ['seed', 'ls', '--nope'],
    ]) {
      const ran = await farfork(argv);
      assert.equal(ran.status, 2, argv.join(' '));
      assert.match(ran.err, /^error: /);
      assert.equal(fake.asked.length, 0);
    }
    for (const argv of [['--help'], ['help', 'fork'], ['child', 'logs', '--help'], ['--version']]) {
      assert.equal((await farfork(argv)).status, 0, argv.join(' '));
    }
  });

  it('says at once that nobody answers', async () => {
    const ran = await farfork(['node', 'ls', '--endpoint', '127.0.0.1:1']);
    assert.equal(ran.status, 1);
    assert.match(ran.err, /^error: UNAVAILABLE: .+\n.+127\.0\.0\.1:1/);
  });

  it('check lists probes, and exits 4 when a required one fails', async () => {
    const ran = await farfork(['check', '--json']);
    const probes = ran.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; ok: boolean; required: boolean; advice: string });
    for (const name of ['node', 'addon', 'daemons', 'util-linux', 'iproute2', 'python3', 'criu']) {
      assert.ok(
        probes.some((probe) => probe.name === name),
        name,
      );
    }
    assert.ok(probes.every((probe) => probe.ok || probe.advice !== ''));
    assert.equal(ran.status, probes.every((probe) => probe.ok || !probe.required) ? 0 : 4);
    const bare = await farfork(['check'], '', { PATH: '/nowhere', HOME: '/' });
    assert.match(bare.out, /python3 +absent/);
    assert.match(bare.out, /\npython3: Install it: apt-get install python3/);
  });
});
