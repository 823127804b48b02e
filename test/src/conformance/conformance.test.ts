// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Cleanup,
  type Cluster,
  needCluster,
  processStatus,
  Program,
  startCluster,
  until,
} from '../end_to_end/harness.js';
import { compileConformance, type ConformanceProgram, conformancePrograms } from './programs.js';

const LACKS_EXIT = 77;
const CHECK_MS = 15_000;

describe('conformance', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let scratch: string;
  const cleanup = new Cleanup();
  before(async function () {
    needCluster(this);
    scratch = mkdtempSync(join(tmpdir(), 'farfork-test-'));
    // Programs that give up root still see it.
    chmodSync(scratch, 0o755);
    cleanup.add(() => {
      rmSync(scratch, { recursive: true });
    });
    cluster = await startCluster({ nodes: 2 });
    cleanup.add(() => cluster.close());
  });
  after(() => cleanup.run());

  for (const program of conformancePrograms()) {
    it(`${program.name}: ${program.title}, ${program.outcome}`, async function () {
      const run = await Run.start(program, scratch);
      try {
        if (run.lacks) {
          console.log(`      skipped: this machine lacks ${run.lacks}`);
          this.skip();
        }
        if (program.outcome === 'refused') await run.isRefused(cluster);
        else await run.isForked(cluster);
      } finally {
        await run.end();
      }
    });
  }
});

/** One program, waiting to be told to check itself. */
class Run {
  private constructor(
    private readonly program: ConformanceProgram,
    private readonly parent: Program,
    private readonly go: string,
    /** What the machine lacks, as the program found by trying; '': nothing. */
    readonly lacks: string,
  ) {}

  static async start(program: ConformanceProgram, scratch: string): Promise<Run> {
    const path = await compileConformance(program, scratch);
    const folder = `${path}.d`;
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    const parent = Program.start(path, `${path}.go`, folder);
    try {
      await until(`${program.name} is ready`, () => parent.lines.includes('ready') || parent.child.exitCode !== null);
      const lacks = /^lacks (.+)$/m.exec(parent.out)?.[1] ?? '';
      if (parent.child.exitCode !== null) assert.equal(parent.child.exitCode, LACKS_EXIT, parent.out);
      return new Run(program, parent, `${path}.go`, lacks);
    } catch (error) {
      await parent.stop();
      throw error;
    }
  }

  /** Prepared here, resumed on another node: the child finds its object well, and so does the parent. */
  async isForked(cluster: Cluster): Promise<void> {
    const { client } = cluster;
    const seed = await client.prepare({ pid: this.parent.pid, node: 'node1' });
    try {
      let childId = '';
      for await (const { child } of client.fork({ seed: seed.seedId, nodes: ['node2'], inheritFiles: true })) {
        assert.equal(child?.error?.code ?? '', '', JSON.stringify(child?.error));
        childId = child?.childId ?? '';
      }
      writeFileSync(this.go, '');
      const child = await client.waitChild(childId, CHECK_MS);
      let said = '';
      for await (const chunk of client.childLogs(childId)) said += Buffer.from(chunk.data).toString();
      assert.deepEqual(
        { said, exit: child.exitCode, error: child.error?.code ?? '' },
        { said: 'ok\n', exit: 0, error: '' },
        `the child said: ${said}`,
      );
      await this.parentIsWell();
    } finally {
      await client.removeSeed(seed.seedId, { force: true });
    }
  }

  /** Prepare names the object, and the parent goes on. */
  async isRefused(cluster: Cluster): Promise<void> {
    const prepared = cluster.client.prepare({ pid: this.parent.pid, node: 'node1' });
    await assert.rejects(prepared, (error: { code?: string; object?: string }) => {
      assert.equal(error.code, 'STATE_NOT_CARRIED');
      assert.ok(error.object?.includes(this.program.names), `it names "${String(error.object)}"`);
      return true;
    });
    assert.equal(processStatus(this.parent.pid).tracer, '0');
    writeFileSync(this.go, '');
    await this.parentIsWell();
  }

  /** Ends it, and the processes that it made. */
  async end(): Promise<void> {
    const family = descendants(this.parent.pid);
    await this.parent.stop();
    for (const pid of family) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended with its parent.
      }
    }
  }

  private async parentIsWell(): Promise<void> {
    await until(`${this.program.name} checked itself`, () => this.parent.child.exitCode !== null, CHECK_MS);
    assert.equal(this.parent.out, 'ready\nok\n');
    assert.equal(this.parent.child.exitCode, 0);
  }
}

function descendants(pid: number): number[] {
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
  const children = threads.flatMap((tid) =>
    readFileSync(`/proc/${pid}/task/${tid}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...descendants(child)]);
}
