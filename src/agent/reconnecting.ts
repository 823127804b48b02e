// SPDX-License-Identifier: Apache-2.0
import { FarforkError } from '../errors/index.js';
import type { Logger } from '../log/index.js';

const retryMs = 1000;

export interface DaemonDoor<Connection, Event> {
  /** For messages. */
  name: string;
  connect: (onEvents: (events: Event[]) => void) => Promise<Connection>;
  /** Learns what the daemon holds, before anybody uses the connection and before any of its events is handed on. */
  adopt: (connection: Connection) => Promise<void>;
  onEvents: (events: Event[]) => void;
  /** A connection that was in use is gone; another is being made. */
  onLost: () => void;
}

/** One connection to a daemon: made on demand, and made again, for as long as it takes, after it was lost. */
export class Reconnecting<Connection extends { close(): void }, Event extends { type: string }> {
  private current: Promise<Connection> | undefined;
  private closed = false;
  private notBefore = 0;
  private endDelay: () => void = () => undefined;

  constructor(
    private readonly door: DaemonDoor<Connection, Event>,
    private readonly log: Logger,
  ) {}

  /** The live connection; callers at the same time share one attempt. After a failed attempt the next waits a second. */
  get(): Promise<Connection> {
    if (this.closed) return Promise.reject(this.closing());
    this.current ??= this.attempt();
    return this.current;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.endDelay();
    const connection = await this.current?.catch(() => undefined);
    connection?.close();
  }

  private async attempt(): Promise<Connection> {
    const stream = new EventStream<Event>(this.door.onEvents, () => this.lost());
    let connection: Connection | undefined;
    try {
      await this.delay();
      connection = await this.door.connect((events) => stream.receive(events));
      await this.door.adopt(connection);
      if (this.closed) throw this.closing();
      if (stream.isClosed) throw new FarforkError('UNAVAILABLE', 'agent', this.door.name, 'it went while it was asked');
    } catch (error) {
      connection?.close();
      this.current = undefined;
      this.notBefore = Date.now() + retryMs;
      if (!this.closed) {
        this.log.error(`cannot reach the ${this.door.name}: ${error instanceof Error ? error.message : said(error)}`);
      }
      throw error;
    }
    stream.open();
    return connection;
  }

  private lost(): void {
    this.current = undefined;
    if (this.closed) return;
    this.log.error(`the ${this.door.name} is gone: starting another`);
    this.door.onLost();
    void this.restore();
  }

  private async restore(): Promise<void> {
    while (!this.closed) {
      const isBack = await this.get().then(
        () => true,
        () => false,
      );
      if (isBack) return;
    }
  }

  private async delay(): Promise<void> {
    const delayMs = this.notBefore - Date.now();
    if (delayMs <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.endDelay = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    if (this.isClosed()) throw this.closing();
  }

  private isClosed(): boolean {
    return this.closed;
  }

  private closing(): FarforkError {
    return new FarforkError('CANCELLED', 'agent', this.door.name, 'the agent is shutting down');
  }
}

/** What a native rejection (no Error object) says. */
function said(error: unknown): string {
  return typeof error === 'object' && error !== null && 'detail' in error ? String(error.detail) : String(error);
}

/** The events of one connection: held back until it is open; nothing comes after `closed`. */
class EventStream<Event extends { type: string }> {
  isClosed = false;
  private held: Event[] | undefined = [];

  constructor(
    private readonly onEvents: (events: Event[]) => void,
    private readonly onClosed: () => void,
  ) {}

  receive(events: Event[]): void {
    if (this.isClosed) return;
    if (this.held) {
      this.held.push(...events);
      this.isClosed = events.some((event) => event.type === 'closed');
      return;
    }
    this.onEvents(events);
    if (!events.some((event) => event.type === 'closed')) return;
    this.isClosed = true;
    this.onClosed();
  }

  open(): void {
    const events = this.held ?? [];
    this.held = undefined;
    if (events.length > 0) this.onEvents(events);
  }
}
