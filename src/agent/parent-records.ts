// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What must survive an agent restart, in ID.json. */
export interface ParentRecord {
  id: string;
  name: string;
  hostPid: number;
  startedUnixMs: number;
  controlInode: string;
}

/** The records of a node's parents, a file each. */
export class ParentRecords {
  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  ids(): string[] {
    const files = readdirSync(this.folder).filter((name) => name.endsWith('.json'));
    return files.map((name) => name.slice(0, -'.json'.length));
  }

  /** In one step: a half-written record would hide a running parent from the next agent. */
  write(record: ParentRecord): void {
    const path = this.path(record.id);
    writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  /** Undefined when it cannot be read. */
  read(id: string): ParentRecord | undefined {
    try {
      return JSON.parse(readFileSync(this.path(id), 'utf8')) as ParentRecord;
    } catch {
      return undefined;
    }
  }

  remove(id: string): void {
    rmSync(this.path(id), { force: true });
  }

  private path(id: string): string {
    return join(this.folder, `${id}.json`);
  }
}
