// SPDX-License-Identifier: Apache-2.0
import { ForkEventKind, type Child, type ForkEvent } from '../sdk/typescript/client.js';
import { describeDetail } from './failure.js';
import { LinePrefixer } from './line-prefixer.js';
import type { Output } from './output.js';
import { formatMs } from './table.js';
import { childView } from './views.js';

/** Prints what Fork's events tell. A child that ends with another code than 0 counts as failed. */
export class ForkReport {
  failures = 0;
  private started = 0;
  private readonly prefixers = new Map<string, LinePrefixer>();

  constructor(
    private readonly output: Output,
    private readonly count: number,
    private readonly wait: boolean,
  ) {}

  take(event: ForkEvent): void {
    const child = event.child;
    if (!child) return;
    switch (event.kind) {
      case ForkEventKind.KIND_STARTED:
        this.started += 1;
        // With --wait the child's one line comes when it ended.
        if (!this.wait) this.print(child);
        break;
      case ForkEventKind.KIND_FAILED:
        this.failures += 1;
        this.print(child);
        if (child.error) this.output.log(`${child.childId}: ${describeDetail(child.error)}`);
        break;
      case ForkEventKind.KIND_EXITED:
        if (child.exitCode !== 0) this.failures += 1;
        if (this.wait) this.end(child);
        break;
      case ForkEventKind.KIND_OUTPUT:
        this.stream(child.childId, event.output, event.outputFd);
        break;
      case ForkEventKind.KIND_REPLIED:
      case ForkEventKind.KIND_UNSPECIFIED:
        break;
    }
  }

  finish(): void {
    for (const prefixer of this.prefixers.values()) prefixer.flush();
    if (this.count > 1) this.output.log(`${this.started} of ${this.count} children started, ${this.failures} failed`);
  }

  private end(child: Child): void {
    for (const fd of [1, 2]) this.prefixers.get(`${child.childId} ${fd}`)?.flush();
    if (this.output.json) this.print(child);
    else if (child.exitCode !== 0) this.output.log(`${child.childId} on ${child.node} ended with ${child.exitCode}`);
    if (child.error?.code) this.output.log(`${child.childId}: ${describeDetail(child.error)}`);
  }

  private print(child: Child): void {
    const view = childView(child);
    this.output.item(view, () => {
      const resumed = view.resumeMs === null ? '' : `  resumed in ${formatMs(view.resumeMs)}`;
      return `${view.child}  ${view.node}  ${view.state}  pid ${view.hostPid}${resumed}`;
    });
  }

  /** One child's output passes through as it is; several children's gets the child's id before each line. */
  private stream(childId: string, bytes: Uint8Array, fd: number): void {
    const target = this.output.json ? 2 : fd;
    if (this.count === 1) {
      this.output.raw(bytes, target);
      return;
    }
    const key = `${childId} ${fd}`;
    let prefixer = this.prefixers.get(key);
    if (!prefixer) {
      prefixer = new LinePrefixer(`${childId}: `, (line) => this.output.raw(line, target));
      this.prefixers.set(key, prefixer);
    }
    prefixer.write(bytes);
  }
}
