// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs';
import * as grpc from '@grpc/grpc-js';
import type * as ProtoModule from '../../../dist/proto/index.js';
import type {
  AgentEvent,
  AgentMessage,
  Command,
  CommandResult,
  CoordinatorMessage,
  ForkEvent,
  Init,
  Register,
} from '../../../dist/proto/index.js';
import { built } from '../built.js';

const { AgentService } = await built<typeof ProtoModule>('proto/index.js');

type Call = grpc.ServerDuplexStream<AgentMessage, Init<CoordinatorMessage>>;

/** A coordinator that only records what its one agent says, and sends what a test wants. */
export class FakeCoordinator {
  readonly endpoint: string;
  readonly registers: Register[] = [];
  readonly heartbeats: AgentMessage[] = [];
  readonly events: AgentEvent[] = [];
  readonly results = new Map<number, CommandResult>();
  /** Messages in their order: "event" or "result". */
  readonly order: string[] = [];
  heartbeatMs = 1000;
  private server: grpc.Server | undefined;
  private call: Call | undefined;
  private requestId = 0;
  private readonly watchers = new Set<() => void>();

  constructor(private readonly path: string) {
    this.endpoint = `unix:${path}`;
  }

  async start(): Promise<void> {
    const server = new grpc.Server();
    server.addService(AgentService, {
      connect: (call: Call) => {
        this.call = call;
        call.on('data', (message: AgentMessage) => this.receive(call, message));
        call.on('error', () => undefined);
        call.on('end', () => call.end());
      },
    });
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(this.endpoint, grpc.ServerCredentials.createInsecure(), (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** As if it was killed. */
  stop(): void {
    this.server?.forceShutdown();
    this.server = undefined;
    rmSync(this.path, { force: true });
  }

  async command(body: Omit<Init<Command>, 'requestId'>): Promise<CommandResult> {
    const requestId = this.send(body);
    await this.until('a result', () => this.results.has(requestId));
    return this.results.get(requestId)!;
  }

  /** The request's id. */
  send(body: Omit<Init<Command>, 'requestId'>): number {
    const requestId = ++this.requestId;
    this.call!.write({ command: { ...body, requestId } });
    return requestId;
  }

  forkEvents(childId?: string): ForkEvent[] {
    const all = this.events.flatMap(({ fork }) => (fork ? [fork] : []));
    return childId === undefined ? all : all.filter(({ child }) => child?.childId === childId);
  }

  /** Resolves once `condition` holds; it is looked at whenever something arrives. */
  until(what: string, condition: () => boolean, timeoutMs = 10_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        this.watchers.delete(look);
      };
      const look = (): void => {
        if (!condition()) return;
        done();
        resolve();
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`never came: ${what}`));
      }, timeoutMs);
      this.watchers.add(look);
      look();
    });
  }

  private receive(call: Call, message: AgentMessage): void {
    if (message.register) {
      this.registers.push(message.register);
      call.write({ registered: { nodeEpoch: this.registers.length, heartbeatMs: this.heartbeatMs } });
    }
    if (message.heartbeat) this.heartbeats.push(message);
    if (message.result) {
      this.results.set(message.result.requestId, message.result);
      this.order.push('result');
    }
    for (const event of message.events?.events ?? []) {
      this.events.push(event);
      this.order.push('event');
    }
    for (const look of [...this.watchers]) look();
  }
}
