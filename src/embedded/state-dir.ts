// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FarforkError } from '../errors/index.js';

const PREFIX = 'farfork-cluster-';
const OWNER_FILE = 'owner';
/** Unix socket paths hold 107 bytes (unix(7)), and the nodes put theirs a few names below. */
const MAX_PATH_BYTES = 70;

/** Identifies a process for as long as the machine is up: a pid alone is used again. Null: no such process. */
export function processStamp(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 22, start time; field 3 is the first after the name's closing bracket (proc_pid_stat(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : `${pid} ${fields[19]}`;
  } catch {
    return null;
  }
}

/** A cluster's folder. A temporary one is removed with the cluster; one that the user named stays. */
export interface StateDir {
  path: string;
  temporary: boolean;
}

export function makeStateDir(named: string | undefined, parent = '/tmp'): StateDir {
  sweepStateDirs(parent);
  const path = named === undefined ? mkdtempSync(join(parent, PREFIX)) : resolve(named);
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    const seen = `longer than ${MAX_PATH_BYTES} bytes: sockets would not fit`;
    throw new FarforkError('INVALID_ARGUMENT', 'embedded.state', path, seen);
  }
  mkdirSync(path, { recursive: true, mode: 0o700 });
  writeFileSync(join(path, OWNER_FILE), processStamp(process.pid) ?? '');
  return { path, temporary: named === undefined };
}

/** Removes temporary folders whose cluster's process is gone. */
export function sweepStateDirs(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(parent, name);
    try {
      const owner = readFileSync(join(path, OWNER_FILE), 'utf8');
      if (owner !== '' && processStamp(Number(owner.split(' ')[0])) !== owner) {
        rmSync(path, { recursive: true, force: true });
      }
    } catch {
      // Another user's, or one that is being made at this moment: not ours to judge.
    }
  }
}
