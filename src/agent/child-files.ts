// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, rmSync, statSync, unlink, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Logs of so many children that ended are kept. */
const keptLogs = 1000;
/** Longer than any batch of an earlier agent can take to open its standard input. */
const staleStdinMs = 10 * 60_000;

/** The files of a node's children: ID.out, ID.err, and the standard input of each batch. */
export class ChildFiles {
  /** Oldest first. */
  private readonly ended = new Set<string>();
  private batches = 0;

  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.readFolder();
  }

  logPath(childId: string, fd: number): string {
    return join(this.folder, `${childId}.${fd === 2 ? 'err' : 'out'}`);
  }

  /** Writes the standard input of a batch; '' when it is empty. */
  writeStdin(seedId: string, bytes: Uint8Array): string {
    if (bytes.length === 0) return '';
    this.batches += 1;
    const path = join(this.folder, `${seedId}.${String(process.pid)}.${String(this.batches)}.in`);
    writeFileSync(path, bytes, { mode: 0o600 });
    return path;
  }

  /** No child of the batch has yet to open it. */
  removeStdin(path: string): void {
    if (path) unlink(path, () => undefined);
  }

  /** Its logs are in use. */
  alive(childId: string): void {
    this.ended.delete(childId);
  }

  /** Its logs stay until those of `keptLogs` younger ones are there. */
  childEnded(childId: string): void {
    this.ended.add(childId);
    for (const oldest of this.ended) {
      if (this.ended.size <= keptLogs) return;
      this.ended.delete(oldest);
      for (const fd of [1, 2]) unlink(this.logPath(oldest, fd), () => undefined);
    }
  }

  private readFolder(): void {
    const logs: { id: string; changedMs: number }[] = [];
    for (const file of readdirSync(this.folder)) {
      const path = join(this.folder, file);
      const changedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (file.endsWith('.out')) logs.push({ id: file.slice(0, -'.out'.length), changedMs });
      else if (file.endsWith('.in') && changedMs < Date.now() - staleStdinMs) rmSync(path, { force: true });
    }
    logs.sort((a, b) => a.changedMs - b.changedMs);
    for (const { id } of logs) this.ended.add(id);
  }
}
