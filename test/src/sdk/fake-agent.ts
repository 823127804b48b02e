// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { packValue, unpackValue } from 'farfork';

const CONTROL_FD = 3;
const DEADLINE_MS = 50_000;

/** The agent's side of the control socket: runs a program as a parent and talks frames to it. */
export class FakeAgent {
  readonly process: ChildProcess;
  readonly socket: Socket;
  private received = Buffer.alloc(0);
  private out = '';
  private err = '';
  private readonly timer: NodeJS.Timeout;

  constructor(command: string, args: string[], environment: Record<string, string> = {}) {
    this.process = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: {
        ...process.env,
        FARFORK_CONTROL_FD: String(CONTROL_FD),
        FARFORK_PROTOCOL: '1',
        FARFORK_PARENT: 'fake',
        ...environment,
      },
    });
    this.socket = this.process.stdio[CONTROL_FD] as Socket;
    this.socket.on('error', () => undefined);
    this.process.stdout?.on('data', (data: Buffer) => (this.out += data.toString()));
    this.process.stderr?.on('data', (data: Buffer) => (this.err += data.toString()));
    this.timer = setTimeout(() => this.process.kill('SIGKILL'), DEADLINE_MS);
  }

  /** The next frame; null at the end of the stream. */
  async receive(): Promise<Record<string, unknown> | null> {
    for (;;) {
      const length = this.received.length >= 4 ? this.received.readUInt32LE(0) : Infinity;
      if (this.received.length >= 4 + length) {
        const body = this.received.subarray(4, 4 + length);
        this.received = this.received.subarray(4 + length);
        return unpackValue(body) as Record<string, unknown>;
      }
      const data = this.socket.read() as Buffer | null;
      if (data) this.received = Buffer.concat([this.received, data]);
      else if (this.socket.readableEnded || this.socket.destroyed) return null;
      else await this.changed();
    }
  }

  private async changed(): Promise<void> {
    const stop = new AbortController();
    const options = { signal: stop.signal };
    try {
      await Promise.race(['readable', 'end', 'close'].map((event) => once(this.socket, event, options)));
    } finally {
      stop.abort();
    }
  }

  send(message: unknown): void {
    const body = packValue(message);
    const head = Buffer.alloc(4);
    head.writeUInt32LE(body.length);
    this.socket.write(Buffer.concat([head, body]));
  }

  sendChild(input?: unknown, index = 0): void {
    const data = input === undefined ? null : packValue(input);
    this.send({ type: 'role', role: 'child', seed: 'sd_1', child: 'ch_1', index, input: data });
  }

  /** Expects the seed frame. */
  async seedFrame(): Promise<Record<string, unknown>> {
    const frame = await this.receive();
    assert.equal(frame?.['type'], 'seed');
    return frame;
  }

  async replyValue(): Promise<unknown> {
    const frame = await this.receive();
    assert.equal(frame?.['type'], 'reply', JSON.stringify(frame));
    return unpackValue(frame['value'] as Buffer);
  }

  /** Waits until the program has printed this. */
  async printed(text: string): Promise<void> {
    while (!this.out.includes(text)) await once(this.process.stdout!, 'data');
  }

  /** Exit code (or signal) and output, once the program ended by itself. */
  async end(): Promise<{ code: number | string; out: string; err: string }> {
    this.socket.resume();
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit');
    clearTimeout(this.timer);
    this.socket.destroy();
    for (const pipe of [this.process.stdout!, this.process.stderr!]) if (!pipe.closed) await once(pipe, 'close');
    return { code: this.process.exitCode ?? this.process.signalCode ?? 'running', out: this.out, err: this.err };
  }
}
