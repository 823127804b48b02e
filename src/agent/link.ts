// SPDX-License-Identifier: Apache-2.0
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';

import type { Logger } from '../log/index.js';
import {
  type AgentEvent,
  type AgentMessage,
  AgentService,
  type Command,
  type CoordinatorMessage,
  ForkEventKind,
  type Init,
  type Registered,
} from '../proto/index.js';

const firstBackoffMs = 50;
const lastBackoffMs = 2000;
/** A coordinator that takes the stream but does not answer Register within this time is left. */
const registerMs = 10_000;
const farewellMs = 500;
/** Well below what the coordinator receives in one message (256 MiB). */
const maxMessageBytes = 4 * 1024 * 1024;
const keepaliveMs = 10_000;
/** A dead connection takes writes for so long before it is noticed. */
const unnoticedMs = 2 * keepaliveMs + 5000;
const keptEnds = 8192;
const soonMs = 2;

export interface LinkHandlers {
  /** What the node holds now: the first message of every stream. */
  register: () => Init<AgentMessage>;
  heartbeat: () => Init<AgentMessage>;
  command: (command: Command) => void;
  registered: (message: Registered) => void;
}

/** The agent's stream to the coordinator: reconnects for ever, registers anew each time, batches events. */
export class CoordinatorLink {
  private readonly client: Client;
  private stream: ClientDuplexStream<Init<AgentMessage>, CoordinatorMessage> | undefined;
  private events: Init<AgentEvent>[] = [];
  /** Ends that were told lately, perhaps to a stream that was dead already. */
  private ends: { event: Init<AgentEvent>; toldMs: number }[] = [];
  private answers: Init<AgentMessage>[] = [];
  private answerTimer: NodeJS.Timeout | undefined;
  private flushing = false;
  private ready = false;
  private closed = false;
  private backoffMs = firstBackoffMs;
  private timer: NodeJS.Timeout | undefined;
  private heartbeatTimer: NodeJS.Timeout | undefined;

  constructor(
    endpoint: string,
    private readonly handlers: LinkHandlers,
    private readonly log: Logger,
  ) {
    this.client = new Client(endpoint, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      // The channel's own back-off (up to two minutes) would keep the link down long after the coordinator is back.
      'grpc.initial_reconnect_backoff_ms': firstBackoffMs,
      'grpc.max_reconnect_backoff_ms': lastBackoffMs,
      'grpc.keepalive_time_ms': keepaliveMs,
      'grpc.keepalive_timeout_ms': keepaliveMs,
      'grpc.use_local_subchannel_pool': 1,
    });
  }

  start(): void {
    this.connect();
  }

  /** What is emitted goes out now. */
  get isReady(): boolean {
    return this.ready;
  }

  /**
   * Sent in order, many in a message. Kept while there is no stream: nothing that happened is lost, but for output,
   * which nobody follows any more and which is in the log.
   */
  emit(events: Init<AgentEvent>[]): void {
    for (const event of events) {
      if (this.ready || event.fork?.kind !== ForkEventKind.KIND_OUTPUT) this.events.push(event);
    }
    if (this.flushing) return;
    this.flushing = true;
    queueMicrotask(() => {
      this.flushing = false;
      this.flush();
    });
  }

  /** Answers a command; dropped when the stream that asked is gone, since its commands have failed there. */
  answer(message: Init<AgentMessage>): void {
    this.flush();
    if (this.ready && !this.closed) this.stream?.write(message);
  }

  /** As answer(), behind the next events when they come within `soonMs`. */
  answerSoon(message: Init<AgentMessage>): void {
    this.answers.push(message);
    this.answerTimer ??= setTimeout(() => {
      this.flush();
    }, soonMs);
  }

  /** Tells what the node is now, ahead of whatever is sent next. */
  beat(): void {
    if (this.ready) this.stream?.write(this.handlers.heartbeat());
  }

  /** Sends what is left, and ends the stream. */
  async close(): Promise<void> {
    this.flush();
    this.closed = true;
    clearTimeout(this.timer);
    clearInterval(this.heartbeatTimer);
    const stream = this.stream;
    if (stream && this.ready) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, farewellMs);
        stream.once('status', () => {
          clearTimeout(timer);
          resolve();
        });
        stream.end();
      });
    }
    stream?.cancel();
    this.client.close();
  }

  private flush(): void {
    if (!this.ready || this.closed) return;
    const all = this.events;
    this.events = [];
    this.keepEnds(all);
    let first = 0;
    let bytes = 0;
    all.forEach((event, index) => {
      bytes += event.fork?.output?.length ?? 0;
      if (bytes < maxMessageBytes && index + 1 < all.length) return;
      this.stream?.write({ events: { events: all.slice(first, index + 1) } });
      first = index + 1;
      bytes = 0;
    });
    clearTimeout(this.answerTimer);
    this.answerTimer = undefined;
    for (const message of this.answers.splice(0)) this.stream?.write(message);
  }

  private keepEnds(events: Init<AgentEvent>[]): void {
    const toldMs = Date.now();
    for (const event of events) if (isEnd(event)) this.ends.push({ event, toldMs });
    if (this.ends.length > 2 * keptEnds) this.ends = this.ends.slice(-keptEnds);
  }

  private connect(): void {
    const { path, requestSerialize, responseDeserialize } = AgentService.connect;
    const stream = this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    this.stream = stream;
    this.timer = setTimeout(() => {
      stream.cancel();
      this.lost(stream, 'it does not answer');
    }, registerMs);
    stream.on('data', (message: CoordinatorMessage) => {
      if (this.stream !== stream) return;
      if (message.command) this.handlers.command(message.command);
      else if (message.registered) this.onRegistered(message.registered);
    });
    stream.on('error', (error: Error) => {
      this.lost(stream, error.message);
    });
    stream.on('end', () => {
      this.lost(stream, 'the coordinator ended the stream');
    });
    stream.write(this.handlers.register());
  }

  private onRegistered(message: Registered): void {
    clearTimeout(this.timer);
    this.ready = true;
    this.backoffMs = firstBackoffMs;
    // Whoever still waits for its seed asks anew: an earlier answer may be lost.
    const fresh = this.events.filter((event) => !event.seedWanted);
    // To be told twice of an end does no harm; never to be told of it would leave somebody waiting.
    const since = Date.now() - unnoticedMs;
    const again = this.ends.filter(({ toldMs }) => toldMs >= since).map(({ event }) => event);
    this.ends = [];
    this.events = [...again, ...fresh];
    this.handlers.registered(message);
    clearInterval(this.heartbeatTimer);
    this.heartbeatTimer = setInterval(() => {
      this.beat();
    }, message.heartbeatMs || 1000);
    this.flush();
  }

  private lost(stream: object, why: string): void {
    if (this.stream !== stream) return;
    this.stream = undefined;
    this.ready = false;
    this.answers = [];
    clearTimeout(this.answerTimer);
    this.answerTimer = undefined;
    clearTimeout(this.timer);
    clearInterval(this.heartbeatTimer);
    if (this.closed) return;
    this.log.warn(`no coordinator: ${why}`);
    this.timer = setTimeout(() => {
      this.connect();
    }, this.backoffMs);
    this.backoffMs = Math.min(this.backoffMs * 2, lastBackoffMs);
  }
}

function isEnd(event: Init<AgentEvent>): boolean {
  const kind = event.fork?.kind;
  return kind === ForkEventKind.KIND_EXITED || kind === ForkEventKind.KIND_FAILED || event.parentExited !== undefined;
}
