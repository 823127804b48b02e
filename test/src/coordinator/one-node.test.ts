// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as AgentModule from '../../../dist/agent/index.js';
import type { Agent } from '../../../dist/agent/index.js';
import type * as LogModule from '../../../dist/log/index.js';
import type * as NativeModule from '../../../dist/native/index.js';
import type * as ProtoModule from '../../../dist/proto/index.js';
import { built } from '../built.js';
import { collect, eventually, TestCluster } from './cluster.js';

const { startAgent } = await built<typeof AgentModule>('agent/index.js');
const { silentLogger } = await built<typeof LogModule>('log/index.js');
const { loadBinding } = await built<typeof NativeModule>('native/index.js');
const { ChildState: State, ForkEventKind: Kind } = await built<typeof ProtoModule>('proto/index.js');
const pythonPath = fileURLToPath(new URL('../../src/sdk/python', import.meta.url));

/** A child answers with its input, doubled; "stay" keeps it until its standard input's file says otherwise. */
const PROGRAM = `
import os, sys, time, farfork
def handle(value):
    if isinstance(value, dict):
        farfork.reply(os.getpid())
        while not os.path.exists(value["until"]): time.sleep(0.01)
        print("said at the end", flush=True)
        os._exit(value["code"])
    return value * 2
farfork.serve(handle)
`;

describe('coordinator, agent and daemons on one node', () => {
  let cluster: TestCluster;
  let agent: Agent;
  const undo: (() => unknown)[] = [];
  const start = (): Promise<Agent> =>
    startAgent({
      name: 'n1',
      coordinator: cluster.endpoint,
      stateDir: join(cluster.folder, 'n1'),
      fabricHost: '127.0.0.1',
      fabricPort: 0,
      readyCells: 4,
      privateNetwork: false,
      ownerPid: process.pid,
      log: silentLogger,
    });
  const isReady = async (): Promise<boolean> => (await cluster.client.listNodes())[0]?.state === 'ready';

  before(async function () {
    const missing =
      process.getuid?.() === 0
        ? loadBinding()
            .probe()
            .filter((probe) => probe.required && !probe.ok)
        : [];
    if (process.getuid?.() !== 0 || missing.length > 0) {
      console.log(`      skipped: needs root and ${missing.map(({ name }) => name).join(', ')}`);
      return this.skip();
    }
    cluster = await TestCluster.start({ lostAfterMs: 2000 });
    undo.push(() => cluster.close());
    agent = await start();
    undo.push(() => agent.close());
    await eventually(isReady);
    const [node] = await cluster.client.listNodes();
    undo.push(
      () => end(node!.spawnerPid),
      () => end(node!.pagerPid),
    );
    const env = { PYTHONPATH: pythonPath, PATH: process.env['PATH'] ?? '' };
    const request = { name: 'twice', argv: ['python3', '-c', PROGRAM], env, waitSeedMs: 30_000 };
    const { parent, seed } = await cluster.client.run(request);
    assert.ok(parent.hostPid > 0 && seed.hasControl);
  });
  after(async () => {
    for (const step of undo.reverse()) await step();
  });

  it('answers requests, each by a child of its own', async () => {
    const answers = await Promise.all([1, 2, 3, 4, 5].map((value) => cluster.client.call('twice', value)));
    assert.deepEqual(answers, [2, 4, 6, 8, 10]);
    await eventually(async () => (await cluster.client.listChildren()).length === 0);
  });

  it('starts a hundred children, each once', async () => {
    const { packValue } = await import('farfork');
    const inputs = Array.from({ length: 100 }, (_, index) => packValue(index));
    const events = await collect(
      cluster.client.fork({ seed: 'twice', count: 100, inputs, wait: true, wantReplies: true }),
    );
    const of = (kind: ProtoModule.ForkEventKind) => events.filter((event) => event.kind === kind);
    assert.deepEqual(
      [Kind.KIND_STARTED, Kind.KIND_FAILED, Kind.KIND_EXITED].map((kind) => of(kind).length),
      [100, 0, 100],
    );
    const { unpackValue } = await import('farfork');
    const replies = of(Kind.KIND_REPLIED).map(({ child, output }) => [child!.index, unpackValue(output)] as const);
    assert.equal(replies.length, 100);
    for (const [index, value] of replies) assert.equal(value, index * 2);
  });

  it('loses no child and no exit code when the agent is replaced', async () => {
    const { packValue } = await import('farfork');
    const codes = [7, 8];
    const until = (code: number): string => join(cluster.folder, `end-${code}`);
    const inputs = codes.map((code) => packValue({ until: until(code), code }));
    const events = await collect(cluster.client.fork({ seed: 'twice', count: 2, inputs, wantReplies: true }));
    const children = codes.map((_, index) => events.find(({ child }) => child!.index === index)!.child!);
    const { writeFile } = await import('node:fs/promises');

    await agent.close();
    // One ends while no agent is there.
    await writeFile(until(7), '');
    await eventually(() => !isAlive(children[0]!.hostPid));
    assert.ok(isAlive(children[1]!.hostPid));
    agent = await start();
    await eventually(isReady);
    assert.equal((await cluster.client.waitChild(children[0]!.childId, 5000)).exitCode, 7);
    await writeFile(until(8), '');
    const last = await cluster.client.waitChild(children[1]!.childId, 5000);
    assert.deepEqual([last.exitCode, last.state], [8, State.CHILD_STATE_EXITED]);
    const logs = await collect(cluster.client.childLogs(children[1]!.childId));
    assert.match(Buffer.concat(logs.map(({ data }) => data)).toString(), /said at the end/);
    assert.equal(await cluster.client.call('twice', 21), 42);
  });
});

/** Not ended and not a zombie. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !['Z', 'X'].includes(stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3));
  } catch {
    return false;
  }
}

/** The daemons' owner is this process, which goes on: the test ends what it started, by pid. */
async function end(pid: number): Promise<void> {
  if (!isAlive(pid)) return;
  process.kill(pid, 'SIGTERM');
  await eventually(() => !isAlive(pid), 3000).catch(() => process.kill(pid, 'SIGKILL'));
}
