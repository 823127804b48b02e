// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readSync } from 'node:fs';

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

/** Follows a child's log file and hands on what was appended, until stopped. */
export class OutputTail {
  private position = 0;
  private fd = -1;

  constructor(
    private readonly path: string,
    private readonly onData: (data: Buffer) => void,
  ) {
    follow(this);
  }

  /** Hands on everything that is in the file now. A file that cannot be read gives nothing. */
  drain(): void {
    try {
      if (this.fd < 0) this.fd = openSync(this.path, 'r');
      for (;;) {
        const size = readSync(this.fd, chunk, 0, chunk.length, this.position);
        if (size === 0) return;
        this.position += size;
        this.onData(Buffer.from(chunk.subarray(0, size)));
      }
    } catch {
      // The child has not been started yet, or its log is on a disk that fails: the child itself is well.
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
