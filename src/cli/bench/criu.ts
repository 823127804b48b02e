// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { findCriu } from '../machine-probes.js';
import type { FigureSink } from './figure.js';
import { LocalParent } from './local-parent.js';

const TIMEOUT_MS = 120_000;
/** tmpfs: the disk is not what is compared. */
const IMAGES = '/dev/shm';

/** CRIU dump and restore of the same parent; notes why not, where there is no usable CRIU. */
export async function measureCriu(sink: FigureSink, megabytes: number, threads: number, rounds: number): Promise<void> {
  const criu = findCriu();
  if (criu.path === undefined || !criu.usable) {
    sink.note(`no comparison with CRIU: ${criu.version && `${criu.version} `}${criu.why} (4.0 or newer works)`);
    return;
  }
  const dumps: number[] = [];
  const restores: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const parent = await LocalParent.start(megabytes, threads);
    const folder = mkdtempSync(join(IMAGES, 'farfork-criu-'));
    try {
      const dump = timed(criu.path, ['dump', '-t', `${parent.pid}`, '-D', folder, '--shell-job', '--leave-running']);
      await parent.stop();
      const restore = dump.ok ? timed(criu.path, ['restore', '-D', folder, '--shell-job', '-d']) : dump;
      if (restore.ok) killRestored(parent.pid);
      if (!restore.ok) {
        sink.note(`CRIU ${criu.version} failed: ${restore.complaint}`);
        return;
      }
      dumps.push(dump.ms);
      restores.push(restore.ms);
    } finally {
      await parent.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const size = megabytes === 1024 ? '1gb' : `${megabytes}mb`;
  sink.median(`criu_dump_${size}_p50_ms`, dumps, 'ms', `CRIU ${criu.version}, tmpfs, parent left running`);
  sink.median(`criu_restore_${size}_p50_ms`, restores, 'ms', `CRIU ${criu.version}, tmpfs`);
}

function timed(program: string, argv: string[]): { ok: boolean; ms: number; complaint: string } {
  const began = performance.now();
  const result = spawnSync(program, argv, { encoding: 'utf8', timeout: TIMEOUT_MS });
  const complaint = result.error?.message ?? result.stderr.trim().split('\n').slice(-2).join(' ');
  return { ok: result.status === 0, ms: performance.now() - began, complaint };
}

/** A restored process has the pid that it had. */
function killRestored(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended when its standard input did.
  }
}
