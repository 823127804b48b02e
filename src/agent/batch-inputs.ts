// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, rmSync, statSync, unlink, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Longer than any batch of an earlier agent can take to open its standard input. */
const staleMs = 10 * 60_000;

/** The standard input of each batch, in a file until every child of it has opened it. */
export class BatchInputs {
  private batches = 0;

  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const file of readdirSync(folder)) {
      const path = join(folder, file);
      const changedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (changedMs < Date.now() - staleMs) rmSync(path, { force: true });
    }
  }

  /** Its path; '' when there are no bytes. */
  write(seedId: string, bytes: Uint8Array): string {
    if (bytes.length === 0) return '';
    this.batches += 1;
    const path = join(this.folder, `${seedId}.${String(process.pid)}.${String(this.batches)}.in`);
    writeFileSync(path, bytes, { mode: 0o600 });
    return path;
  }

  /** No child of the batch has yet to open it. */
  remove(path: string): void {
    if (path) unlink(path, () => undefined);
  }
}
