// SPDX-License-Identifier: Apache-2.0
const NEWLINE = 0x0a;

/** Puts a prefix before every line of a stream of bytes. A line is passed on whole, so that streams do not mix in one. */
export class LinePrefixer {
  private rest: Buffer = Buffer.alloc(0);
  private readonly prefix: Buffer;

  constructor(
    prefix: string,
    private readonly sink: (line: Uint8Array) => void,
  ) {
    this.prefix = Buffer.from(prefix);
  }

  write(bytes: Uint8Array): void {
    let data: Buffer = Buffer.concat([this.rest, bytes]);
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE)) {
      this.sink(Buffer.concat([this.prefix, data.subarray(0, end + 1)]));
      data = data.subarray(end + 1);
    }
    this.rest = data;
  }

  /** Ends a last line that has no newline. */
  flush(): void {
    if (this.rest.length > 0) this.sink(Buffer.concat([this.prefix, this.rest, Buffer.from('\n')]));
    this.rest = Buffer.alloc(0);
  }
}
