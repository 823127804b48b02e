// SPDX-License-Identifier: Apache-2.0
import { FarforkError } from '../errors/index.js';
import { ChildState, type ForkEvent, ForkEventKind, type Init } from '../proto/index.js';
import type { ChildEntry, ChildFollower, ChildRegistry } from './children.js';

export interface ForkRunOptions {
  /** Until when the run follows its children. */
  until: 'started' | 'replied' | 'ended';
  /** For each child to start. */
  startDeadlineMs: number;
  onEvents: (events: Init<ForkEvent>[]) => void;
}

/** The agents and the spawner keep the deadline themselves, and say more about what was late. */
const deadlineSlackMs = 500;
const maxEventsPerMessage = 512;
const maxBytesPerMessage = 1 << 20;

/**
 * The children of one request: passes their events on, many at a time; sees to it that each starts or fails within its
 * deadline; knows when the request is done.
 */
export class ForkRun implements ChildFollower {
  /** Resolves when every child is as far as `until` says. */
  readonly done: Promise<void>;
  private readonly unstarted = new Set<ChildEntry>();
  private readonly open = new Set<ChildEntry>();
  private events: Init<ForkEvent>[] = [];
  private bytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private finish: () => void = () => undefined;
  private isQuiet = false;
  private ids: string[] = [];

  constructor(
    private readonly children: ChildRegistry,
    private readonly options: ForkRunOptions,
  ) {
    this.done = new Promise((resolve) => (this.finish = resolve));
  }

  get childIds(): readonly string[] {
    return this.ids;
  }

  begin(entries: ChildEntry[]): void {
    this.ids = entries.map(({ child }) => child.childId);
    for (const entry of entries) {
      this.unstarted.add(entry);
      this.open.add(entry);
    }
    const { startDeadlineMs } = this.options;
    this.timer = setTimeout(() => {
      const seen = `it did not start within ${startDeadlineMs} ms`;
      this.failAll(new FarforkError('DEADLINE_EXCEEDED', 'coordinator.fork', '', seen));
    }, startDeadlineMs + deadlineSlackMs);
  }

  /** Fails those that have neither started nor failed; only those of `among`, when given. */
  failAll(error: FarforkError, among: Iterable<ChildEntry> = this.unstarted): void {
    for (const entry of [...among]) {
      if (!this.unstarted.has(entry)) continue;
      const object = error.object || entry.child.childId;
      this.children.fail(entry, { ...error.toDetail(), object });
    }
  }

  /** The client is gone: children go on, and those that have not started still may. */
  silence(): void {
    this.isQuiet = true;
    this.events = [];
  }

  onChildEvent(entry: ChildEntry, event: Init<ForkEvent>): void {
    this.emit(event);
    const { until } = this.options;
    switch (event.kind) {
      case ForkEventKind.KIND_STARTED:
        this.unstarted.delete(entry);
        if (until === 'started') this.close(entry);
        break;
      case ForkEventKind.KIND_REPLIED:
        if (until === 'replied') this.close(entry);
        break;
      case ForkEventKind.KIND_FAILED:
      case ForkEventKind.KIND_EXITED:
        this.unstarted.delete(entry);
        this.close(entry);
        break;
      default:
        break;
    }
    if (this.unstarted.size === 0) clearTimeout(this.timer);
  }

  private close(entry: ChildEntry): void {
    if (!this.open.delete(entry)) return;
    // Later events of the child are nobody's.
    if (entry.child.state !== ChildState.CHILD_STATE_PENDING && entry.follower === this) entry.follower = undefined;
    if (this.open.size > 0) return;
    this.flush();
    this.finish();
  }

  private emit(event: Init<ForkEvent>): void {
    if (this.isQuiet) return;
    // What one message of an agent brings is passed on as one message: flushed when its handling is done.
    if (this.events.length === 0) queueMicrotask(() => this.flush());
    this.events.push(event);
    this.bytes += event.output?.length ?? 0;
    if (this.events.length >= maxEventsPerMessage || this.bytes >= maxBytesPerMessage) this.flush();
  }

  private flush(): void {
    if (this.events.length === 0) return;
    const events = this.events;
    this.events = [];
    this.bytes = 0;
    this.options.onEvents(events);
  }
}
