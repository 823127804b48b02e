// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { FarforkError, fromDetail, toGrpc } from '../errors/index.js';
import type { AgentMessage, Command, CommandResult, CoordinatorMessage, Init } from '../proto/index.js';

export type AgentCall = ServerDuplexStream<AgentMessage, Init<CoordinatorMessage>>;
export type CommandBody = Omit<Init<Command>, 'requestId'>;

interface Waiting {
  resolve: (result: CommandResult) => void;
  reject: (error: FarforkError) => void;
  timer: NodeJS.Timeout;
}

/** One stream of one agent: commands go out, each with a deadline; results come back by their request id. */
export class NodeSession {
  lastSeenMs = Date.now();
  private readonly waiting = new Map<number, Waiting>();
  /** Anywhere: an answer to an earlier stream's command must not pass for one of this stream's. */
  private nextRequest = randomInt(2 ** 47);
  private closed: FarforkError | undefined;

  constructor(
    private readonly call: AgentCall,
    readonly node: string,
    readonly epoch: number,
  ) {}

  get isOpen(): boolean {
    return this.closed === undefined;
  }

  registered(heartbeatMs: number): void {
    this.call.write({ registered: { nodeEpoch: this.epoch, heartbeatMs } });
  }

  /**
   * Resolves with the agent's result. Rejects with the agent's error; with DEADLINE_EXCEEDED after `timeoutMs`; with
   * NODE_UNAVAILABLE when the stream ends first.
   */
  send(command: CommandBody, timeoutMs: number): Promise<CommandResult> {
    if (this.closed) return Promise.reject(this.closed);
    const requestId = this.nextRequest++;
    return new Promise<CommandResult>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(requestId);
        const what = Object.keys(command)[0] ?? 'command';
        const seen = `the agent did not answer "${what}" within ${timeoutMs} ms`;
        reject(new FarforkError('DEADLINE_EXCEEDED', 'coordinator.command', this.node, seen));
      }, timeoutMs);
      this.waiting.set(requestId, { resolve, reject, timer });
      this.call.write({ command: { ...command, requestId } });
    });
  }

  onResult(result: CommandResult): void {
    const waiting = this.waiting.get(result.requestId);
    if (!waiting) return;
    this.waiting.delete(result.requestId);
    clearTimeout(waiting.timer);
    if (result.error?.code) waiting.reject(fromDetail(result.error));
    else waiting.resolve(result);
  }

  /** Ends the stream, with `error` as its status, and fails what waits. Safe to call twice. */
  close(error: FarforkError, reportsToAgent: boolean): void {
    if (this.closed) return;
    this.closed = error;
    for (const { reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.waiting.clear();
    if (reportsToAgent) this.call.emit('error', toGrpc(error));
    else this.call.end();
  }
}
