// SPDX-License-Identifier: Apache-2.0
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { firstKept, type OutputPaths } from './outputs.js';

const pollMs = 50;
const chunk = Buffer.allocUnsafe(256 * 1024);

/** One timer drains every log that is followed. */
const following = new Set<OutputTail>();
let ticker: NodeJS.Timeout | undefined;

function follow(tail: OutputTail): void {
  following.add(tail);
  ticker ??= setInterval(() => {
    for (const each of following) each.drain();
  }, pollMs).unref();
}

function unfollow(tail: OutputTail): void {
  following.delete(tail);
  if (following.size > 0) return;
  clearInterval(ticker);
  ticker = undefined;
}

/** Follows a child's output and hands on what was appended, until stopped. What was dropped meanwhile is said in its place. */
export class OutputTail {
  private position = 0;
  private fd = -1;

  constructor(
    private readonly path: string,
    private readonly onData: (data: Buffer) => void,
  ) {
    follow(this);
  }

  /** Hands on everything that is there now. Output that cannot be read gives nothing. */
  drain(): void {
    try {
      if (this.fd < 0) this.fd = openSync(this.path, 'r');
      for (;;) {
        const size = readSync(this.fd, chunk, 0, chunk.length, this.position);
        if (size === 0) return;
        // Looked at afterwards: what was dropped before the reading was read as zeros.
        const kept = firstKept(fstatSync(this.fd));
        if (kept > this.position) {
          this.onData(Buffer.from(`[farfork: ${String(kept - this.position)} bytes of output were dropped]\n`));
          this.position = kept;
          continue;
        }
        this.position += size;
        this.onData(Buffer.from(chunk.subarray(0, size)));
      }
    } catch {
      // Its spawner is gone, and the child with it: that is told elsewhere.
    }
  }

  /** The last drain. */
  stop(): void {
    unfollow(this);
    this.drain();
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
  }
}

/** Follows both streams of a child. */
export function followOutput({ out, err }: OutputPaths, onData: (fd: number, data: Buffer) => void): OutputTail[] {
  const tail = (fd: number, path: string): OutputTail => new OutputTail(path, (data) => onData(fd, data));
  return [tail(1, out), tail(2, err)];
}
