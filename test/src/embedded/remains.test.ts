// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as JanitorModule from '../../../dist/embedded/janitor.js';
import type * as NetworkModule from '../../../dist/embedded/network.js';
import type * as StateDirModule from '../../../dist/embedded/state-dir.js';
import { built } from '../built.js';

const { ClusterNetwork } = await built<typeof NetworkModule>('embedded/network.js');
const states = await built<typeof StateDirModule>('embedded/state-dir.js');
const { processesIn } = await built<typeof JanitorModule>('embedded/janitor.js');
const janitorUrl = new URL('../../dist/embedded/janitor.js', import.meta.url).href;
const networkUrl = new URL('../../dist/embedded/network.js', import.meta.url).href;

function within(namespace: string, ...command: string[]): string {
  const run = spawnSync('nsenter', [`--net=${namespace}`, '--', ...command], { encoding: 'utf8', timeout: 10_000 });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout;
}

function isAlive(pid: number): boolean {
  return states.processStamp(pid) !== null;
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('embedded: network', () => {
  it('joins the nodes, names nothing, and ends with its process', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const before = spawnSync('ip', ['-brief', 'link'], { encoding: 'utf8' }).stdout;
    const network = await ClusterNetwork.create(2);
    let listener: ChildProcess | undefined;
    try {
      const address = network.address(1);
      const code = `require('net').createServer((s) => s.end('hello')).listen(5000, '${address}', () => console.log('up'))`;
      listener = spawn('nsenter', [`--net=${network.path(1)}`, process.execPath, '-e', code]);
      await once(listener.stdout!, 'data');
      const ask = `require('net').connect(5000, '${address}').pipe(process.stdout)`;
      assert.equal(within(network.path(0), process.execPath, '-e', ask), 'hello');
      assert.equal(spawnSync('ip', ['-brief', 'link'], { encoding: 'utf8' }).stdout, before);
      assert.deepEqual(existsSync('/run/netns') ? readdirSync('/run/netns') : [], []);
      assert.deepEqual(processesIn(network.identities()), [listener.pid]);
    } finally {
      listener?.kill('SIGKILL');
      network.close();
    }
  });

  it('is swept by the janitor when its process is killed', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const folder = mkdtempSync(join(tmpdir(), 'farfork-test-'));
    writeFileSync(join(folder, 'file'), '');
    // In the namespace a process that nobody ends; then the owner is killed.
    const code = `
      import { spawn } from 'node:child_process';
      const { ClusterNetwork } = await import(${JSON.stringify(networkUrl)});
      const { startJanitor } = await import(${JSON.stringify(janitorUrl)});
      const network = await ClusterNetwork.create(1);
      const janitor = startJanitor(network.descriptors(), network.identities(), ${JSON.stringify(folder)});
      const stray = spawn('nsenter', ['--net=' + network.path(0), 'sleep', '1000'], { detached: true });
      stray.once('spawn', () => console.log(JSON.stringify([janitor.pid, stray.pid])));`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    const [janitor, stray] = JSON.parse(line.toString()) as [number, number];
    await until(() => readFileSync(`/proc/${stray}/comm`, 'utf8').trim() === 'sleep', 'the stray process runs');
    owner.kill('SIGKILL');
    await until(() => !isAlive(stray) && !existsSync(folder) && !isAlive(janitor), 'nothing is left');
  });
});

describe('embedded: state folder', () => {
  it('is swept when its owner is gone, and kept while it lives', () => {
    const parent = mkdtempSync(join(tmpdir(), 'farfork-test-'));
    try {
      const mine = states.makeStateDir(undefined, parent);
      const dead = join(parent, 'farfork-cluster-dead');
      const reused = join(parent, 'farfork-cluster-reused');
      const others = join(parent, 'something-else');
      for (const folder of [dead, reused, others]) mkdirSync(folder);
      writeFileSync(join(dead, 'owner'), '4194303 1');
      writeFileSync(join(reused, 'owner'), `${process.pid} 1`);
      states.sweepStateDirs(parent);
      assert.deepEqual(readdirSync(parent).sort(), [mine.path.slice(parent.length + 1), 'something-else'].sort());
      assert.equal(mine.temporary, true);
    } finally {
      rmSync(parent, { recursive: true });
    }
  });

  it('is refused when sockets would not fit', () => {
    assert.throws(() => states.makeStateDir(`/tmp/${'x'.repeat(100)}`), { code: 'INVALID_ARGUMENT' });
  });
});
