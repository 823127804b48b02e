// SPDX-License-Identifier: Apache-2.0
import { formatTable } from './table.js';

/** Where a command writes: data to stdout, progress and logs to stderr. With `json`, data is one object a line. */
export class Output {
  constructor(
    readonly json: boolean,
    private readonly stdout: NodeJS.WritableStream = process.stdout,
    private readonly stderr: NodeJS.WritableStream = process.stderr,
  ) {}

  /** One object: its JSON line, or `text` for people. */
  item(object: object, text: () => string): void {
    this.stdout.write(`${this.json ? JSON.stringify(object) : text()}\n`);
  }

  /** A list: a JSON line each, or one table. `empty` goes to stderr when there is nothing to show. */
  list<T extends object>(
    objects: T[],
    heading: string[],
    row: (object: T) => (string | number)[],
    empty: string,
  ): void {
    if (this.json) {
      for (const object of objects) this.stdout.write(`${JSON.stringify(object)}\n`);
    } else if (objects.length === 0) {
      this.log(empty);
    } else {
      this.stdout.write(`${formatTable(heading, objects.map(row))}\n`);
    }
  }

  /** Bytes of a child, as they are. */
  raw(bytes: Uint8Array, fd = 1): void {
    (fd === 2 ? this.stderr : this.stdout).write(bytes);
  }

  /** A line of a report that only people read. */
  line(text: string): void {
    if (!this.json) this.stdout.write(`${text}\n`);
  }

  log(text: string): void {
    this.stderr.write(`${text}\n`);
  }
}
