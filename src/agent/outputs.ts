// SPDX-License-Identifier: Apache-2.0
import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { FarforkError } from '../errors/index.js';

/** The output of so many children that ended is kept, and of so many bytes. */
const keptChildren = 1000;
const keptBytes = 256 * 2 ** 20;
const blockBytes = 512;
const pageBytes = 4096;

/** Paths of what a child writes to its descriptors 1 and 2; they lead to the spawner, which holds it. */
export interface OutputPaths {
  out: string;
  err: string;
}

/** Where the output starts that is still kept: what was dropped before is a hole (native/spawner/outputs.h). */
export function firstKept({ size, blocks }: Pick<Stats, 'size' | 'blocks'>): number {
  const wholePages = Math.ceil(size / pageBytes) * pageBytes;
  return Math.max(0, wholePages - blocks * blockBytes);
}

/** The output of a node's children, from their start until it is dropped some time after their end. */
export class Outputs {
  private readonly paths = new Map<string, OutputPaths>();
  /** Bytes held for those that ended, oldest first. */
  private readonly ended = new Map<string, number>();
  private endedBytes = 0;

  /** `dropped`: nobody asks for this child's output any more. */
  constructor(private readonly dropped: (childId: string) => void) {}

  started(childId: string, spawnerPid: number, stdoutFd: number, stderrFd: number): OutputPaths {
    const pathOf = (fd: number): string => `/proc/${String(spawnerPid)}/fd/${String(fd)}`;
    const paths = { out: pathOf(stdoutFd), err: pathOf(stderrFd) };
    this.paths.set(childId, paths);
    return paths;
  }

  /** It stays until that of enough younger ones is there. */
  childEnded(childId: string): void {
    const paths = this.paths.get(childId);
    if (!paths) {
      this.dropped(childId);
      return;
    }
    const bytes = heldBytes(paths.out) + heldBytes(paths.err);
    this.ended.set(childId, bytes);
    this.endedBytes += bytes;
    for (const [oldest, held] of this.ended) {
      if (this.ended.size <= keptChildren && this.endedBytes <= keptBytes) return;
      this.ended.delete(oldest);
      this.endedBytes -= held;
      this.paths.delete(oldest);
      this.dropped(oldest);
    }
  }

  /** The spawner is gone, and all output with it. */
  clear(): void {
    this.paths.clear();
    this.ended.clear();
    this.endedBytes = 0;
  }

  /** What is kept from `offset` on, at most `maxBytes`. Throws CHILD_NOT_FOUND. */
  read(childId: string, fd: number, offset: number, maxBytes: number): { data: Buffer; offset: number } {
    const paths = this.paths.get(childId);
    const path = fd === 2 ? paths?.err : paths?.out;
    if (path === undefined) throw noOutput(childId);
    let file: number;
    try {
      file = openSync(path, 'r');
    } catch {
      throw noOutput(childId);
    }
    try {
      const first = Math.max(offset, firstKept(fstatSync(file)));
      const buffer = Buffer.allocUnsafe(maxBytes);
      return { data: buffer.subarray(0, readSync(file, buffer, 0, buffer.length, first)), offset: first };
    } finally {
      closeSync(file);
    }
  }
}

function heldBytes(path: string): number {
  return (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * blockBytes;
}

function noOutput(childId: string): FarforkError {
  const seen = 'its output is not kept any more';
  return new FarforkError('CHILD_NOT_FOUND', 'agent.logs', `child ${childId}`, seen);
}
