// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  assertUnharmed,
  Cleanup,
  type Cluster,
  farfork,
  needCluster,
  Program,
  root,
  startCluster,
  until,
} from './harness.js';

/** A 32-bit x86 program that only waits: an ELF header, one program header, and `mov eax, 29 (pause); int 0x80; jmp`. */
function elf32(): Buffer {
  const image = Buffer.alloc(96);
  image.write('\x7fELF\x01\x01\x01', 'latin1');
  image.writeUInt16LE(2, 16); // ET_EXEC
  image.writeUInt16LE(3, 18); // EM_386
  image.writeUInt32LE(1, 20);
  image.writeUInt32LE(0x8048054, 24); // entry
  image.writeUInt32LE(52, 28); // program headers
  image.writeUInt16LE(52, 40);
  image.writeUInt16LE(32, 42);
  image.writeUInt16LE(1, 44);
  [1, 0, 0x8048000, 0x8048000, 96, 96, 5, 0x1000].forEach((field, index) => image.writeUInt32LE(field, 52 + 4 * index));
  Buffer.from('b81d000000cd80ebf7', 'hex').copy(image, 84);
  return image;
}

const TRACER = `
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
PTRACE_SEIZE = 0x4206
assert libc.ptrace(PTRACE_SEIZE, int(sys.argv[1]), None, None) == 0
print("traced", flush=True)
sys.stdin.read()
`;

describe('bad input', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let parent: Program;
  let seed: string;
  let folder: string;
  const cleanup = new Cleanup();

  before(async function () {
    needCluster(this);
    folder = mkdtempSync(join(tmpdir(), 'farfork-test-'));
    cleanup.add(() => rmSync(folder, { recursive: true }));
    cluster = await startCluster();
    cleanup.add(() => cluster.close());
    parent = Program.start('python3', `${root}test/programs/threads_count.py`);
    cleanup.add(() => parent.stop());
    await until('the parent counts', () => parent.lines.length > 5);
    seed = (await cluster.client.prepare({ pid: parent.pid, node: 'node1', name: 'good', waitStaged: true })).seedId;
  });
  after(() => cleanup.run());

  /** The command fails with this code and exit code, in time, and explains itself; the parent goes on. */
  async function refused(code: string, exit: number, ...argv: string[]): Promise<void> {
    const began = Date.now();
    const ran = await farfork(cluster.endpoint, ...argv);
    assert.match(ran.err, new RegExp(`^error: ${code}: `, 'm'), ran.out);
    assert.equal(ran.status, exit, ran.err);
    assert.ok(Date.now() - began < 15_000, 'within its deadline');
    await assertUnharmed(parent);
  }

  const prepare = (pid: number | undefined): string[] => ['prepare', '--pid', `${pid}`, '--node', 'node1'];

  it('unknown pid', () => refused('PROCESS_NOT_FOUND', 1, ...prepare(4_194_303)));

  it('exited pid', async () => {
    // A zombie: its parent, a shell that became sleep, never waits for it.
    const holder = Program.start('sh', '-c', 'sleep 0 & echo $!; exec sleep 60');
    try {
      const zombie = Number(await until('the zombie has a pid', () => holder.lines[0]));
      await until('it is one', () => readFileSync(`/proc/${zombie}/stat`, 'utf8').includes(') Z '));
      await refused('PROCESS_EXITED', 1, ...prepare(zombie));
    } finally {
      await holder.stop();
    }
  });

  it('a kernel thread', async function () {
    const kthreadd = spawnSync('sh', ['-c', 'cat /proc/2/comm'], { encoding: 'utf8' }).stdout.trim();
    if (kthreadd !== 'kthreadd') this.skip();
    await refused('KERNEL_THREAD', 2, ...prepare(2));
  });

  it('another architecture', async function () {
    const program = join(folder, 'waits32');
    writeFileSync(program, elf32());
    chmodSync(program, 0o755);
    const waiting = spawn(program, { stdio: 'ignore' });
    try {
      const runs = await new Promise<boolean>((resolve) => {
        waiting.once('error', () => resolve(false));
        waiting.once('spawn', () => resolve(true));
      });
      if (!runs) {
        console.log('      skipped: this kernel runs no 32-bit programs (CONFIG_IA32_EMULATION)');
        this.skip();
      }
      await refused('ARCHITECTURE_UNSUPPORTED', 4, ...prepare(waiting.pid));
      assert.equal(waiting.exitCode, null);
    } finally {
      waiting.kill('SIGKILL');
    }
  });

  it('a traced process', async () => {
    const traced = Program.start('sleep', '60');
    const tracer = spawn('python3', ['-c', TRACER, `${traced.pid}`], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      await new Promise((resolve) => tracer.stdout.once('data', resolve));
      await refused('PROCESS_TRACED', 1, ...prepare(traced.pid));
    } finally {
      tracer.stdin.end();
      await traced.stop();
    }
  });

  it('wrong key', () => refused('SEED_KEY_WRONG', 1, 'fork', seed, '--key', '5a'.repeat(32)));

  it('expired lease', async () => {
    const short = await cluster.client.prepare({ pid: parent.pid, node: 'node1', ttlMs: 300 });
    await until('it expires', async () => {
      const seeds = await cluster.client.listSeeds();
      const mine = seeds.find((candidate) => candidate.seedId === short.seedId);
      return mine === undefined || Date.now() > short.expiresUnixMs + 100;
    });
    const ran = await farfork(cluster.endpoint, 'fork', short.seedId);
    assert.equal(ran.status, 1, ran.err);
    assert.match(ran.err, /^error: (LEASE_EXPIRED|SEED_NOT_FOUND): /m);
    await assertUnharmed(parent);
  });

  it('unknown names', async () => {
    await refused('NODE_NOT_FOUND', 1, 'fork', seed, '--node', 'nowhere');
    await refused('NODE_NOT_FOUND', 1, 'prepare', '--pid', `${parent.pid}`, '--node', 'nowhere');
    await refused('SEED_NOT_FOUND', 1, 'fork', 'nothing');
    await refused('SEED_NOT_FOUND', 1, 'seed', 'inspect', 'nothing');
    await refused('PARENT_NOT_FOUND', 1, 'prepare', 'nobody');
    await refused('CHILD_NOT_FOUND', 1, 'child', 'wait', 'nobody');
    await refused('CHILD_NOT_FOUND', 1, 'child', 'kill', 'nobody');
    await refused('NO_CONTROL_SOCKET', 1, 'invoke', seed);
    await refused('SEED_EXISTS', 1, ...prepare(parent.pid), '--name', 'good');
  });

  it('state that is not carried', async () => {
    const faults = Program.start('python3', `${root}test/programs/userfault.py`);
    try {
      await until('it counts', () => faults.lines.length > 5);
      await refused('STATE_NOT_CARRIED', 4, ...prepare(faults.pid));
      await assertUnharmed(faults);
    } finally {
      await faults.stop();
    }
  });

  it('nobody at the endpoint', async () => {
    const ran = await farfork('127.0.0.1:1', 'seed', 'ls');
    assert.equal(ran.status, 1);
    assert.match(ran.err, /^error: UNAVAILABLE: /);
  });

  it('wrong usage', async () => {
    const wrong = [
      ['fork'],
      ['fork', seed, '-n', '0'],
      ['prepare'],
      ['nonsense'],
      ['seed', 'ls', '--nope'],
      ['fork', seed, '--timeout', 'x'],
    ];
    for (const argv of wrong) {
      const ran = await farfork(cluster.endpoint, ...argv);
      assert.equal(ran.status, 2, `${argv.join(' ')}: ${ran.err}`);
      assert.match(ran.err, /^error: /);
    }
  });

  it('a seed whose origin is gone', async () => {
    const own = await startCluster();
    try {
      const lost = await own.client.prepare({ pid: parent.pid, node: 'node1', waitStaged: true });
      process.kill((await own.node('node1')).pagerPid, 'SIGKILL');
      const began = Date.now();
      const ran = await farfork(own.endpoint, 'fork', lost.seedId, '--node', 'node2', '--json');
      assert.notEqual(ran.status, 0, ran.out);
      assert.match(ran.err, /error: (SOURCE_LOST|SOURCE_TIMEOUT|PAGER_LOST|SEED_NOT_OPEN|SEED_NOT_FOUND): /);
      assert.ok(Date.now() - began < 20_000);
      await assertUnharmed(parent);
    } finally {
      await own.close();
    }
  });
});
