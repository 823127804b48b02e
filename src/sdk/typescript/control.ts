// SPDX-License-Identifier: Apache-2.0
import { readSync, writeSync } from 'node:fs';
import { FarforkError } from '../../errors/index.js';
import { packValue, unpackValue } from './payload.js';

const PROTOCOL = '1';
const MAX_FRAME_BYTES = 64 << 20;

export type Frame = Record<string, unknown>;

/**
 * The control socket (docs/sdk.md). Reads block the thread and never reach libuv: the capture happens inside the read,
 * and nothing is buffered, so that a child resumes in that very call on its fresh socket.
 */
export function controlFd(): number {
  const text = process.env['FARFORK_CONTROL_FD'];
  if (text === undefined) {
    throw new FarforkError('NOT_UNDER_FARFORK', 'sdk.control', `pid ${process.pid}`, 'FARFORK_CONTROL_FD is not set');
  }
  const version = process.env['FARFORK_PROTOCOL'] ?? '(none)';
  if (version !== PROTOCOL) {
    throw protocolError(`the agent speaks control protocol ${version}, this SDK speaks ${PROTOCOL}`);
  }
  if (!/^\d+$/.test(text)) throw protocolError(`FARFORK_CONTROL_FD is "${text}", not a descriptor number`);
  return Number(text);
}

export function sendFrame(fd: number, frame: Frame): void {
  const body = packValue(frame);
  if (body.length > MAX_FRAME_BYTES) {
    throw new FarforkError(
      'INVALID_ARGUMENT',
      'sdk.control',
      `frame of ${body.length} bytes`,
      `the limit is ${MAX_FRAME_BYTES}`,
    );
  }
  const head = Buffer.alloc(4);
  head.writeUInt32LE(body.length);
  const data = Buffer.concat([head, body]);
  for (let sent = 0; sent < data.length;) sent += guarded(() => writeSync(fd, data, sent));
}

/** The next frame; blocks the thread until it is here. */
export function receiveFrame(fd: number): Frame {
  const length = receiveBytes(fd, 4).readUInt32LE();
  if (length > MAX_FRAME_BYTES) throw protocolError(`the agent announced a frame of ${length} bytes`);
  const body = receiveBytes(fd, length);
  let frame: unknown;
  try {
    frame = unpackValue(body);
  } catch (error) {
    throw protocolError(`the agent sent a frame that cannot be read: ${String(error)}`);
  }
  if (typeof frame !== 'object' || frame === null) throw protocolError('the agent sent a frame that is no map');
  return frame as Frame;
}

export function protocolError(detail: string): FarforkError {
  return new FarforkError('CONTROL_PROTOCOL', 'sdk.control', '', detail);
}

function receiveBytes(fd: number, length: number): Buffer {
  const data = Buffer.alloc(length);
  for (let received = 0; received < length;) {
    const count = guarded(() => readSync(fd, data, received, length - received, null));
    if (count === 0) throw agentLost('it closed the control socket');
    received += count;
  }
  return data;
}

/** A system call on the socket, again after a signal. */
function guarded(call: () => number): number {
  for (;;) {
    try {
      return call();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'EINTR') continue;
      if (code === 'EBADF') throw new FarforkError('NOT_UNDER_FARFORK', 'sdk.control', `pid ${process.pid}`, message);
      throw agentLost(message);
    }
  }
}

function agentLost(detail: string): FarforkError {
  return new FarforkError('UNAVAILABLE', 'sdk.control', 'the farfork agent', detail);
}
