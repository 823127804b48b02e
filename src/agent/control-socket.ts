// SPDX-License-Identifier: Apache-2.0
import { Socket } from 'node:net';
import { Packr } from 'msgpackr';

/** A decoded control frame (docs/sdk.md). */
export type Frame = Record<string, unknown> & { type: string };

const maxFrameBytes = 64 * 1024 * 1024;
const headerBytes = 4;
const lastWordsMs = 500;
// Plain MessagePack: no records extension, byte strings as bin, as the Python and C codecs read it.
const packr = new Packr({ useRecords: false, moreTypes: false, int64AsType: 'number' });

/** The agent's end of an SDK control socket: length-prefixed MessagePack maps. */
export class ControlSocket {
  private chunks: Buffer[] = [];
  private buffered = 0;
  /** Bytes that must be there before anything can be done: a header, then the whole frame. */
  private wanted = headerBytes;
  /** Resolves when the peer has closed its end or the socket failed. */
  readonly closed: Promise<void>;

  /** Takes over the descriptor `fd`. */
  static fromFd(fd: number, onFrame: (frame: Frame) => void): ControlSocket {
    return new ControlSocket(new Socket({ fd, readable: true, writable: true }), onFrame);
  }

  /** `onFrame` is called for each frame; a peer that breaks the protocol is disconnected. */
  constructor(
    private readonly socket: Socket,
    private readonly onFrame: (frame: Frame) => void,
  ) {
    this.closed = new Promise((resolve) => {
      this.socket.once('close', () => {
        resolve();
      });
    });
    this.socket.on('error', () => {
      this.socket.destroy();
    });
    this.socket.on('data', (data: Buffer) => {
      this.receive(data);
    });
  }

  send(frame: Frame): void {
    const body = packr.pack(frame);
    const packet = Buffer.allocUnsafe(headerBytes + body.length);
    packet.writeUInt32LE(body.length, 0);
    body.copy(packet, headerBytes);
    if (!this.socket.destroyed) this.socket.write(packet);
  }

  /** Resolves once what the peer said before it ended is read; something else may hold its end, so it is bounded. */
  lastWords(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, lastWordsMs);
      void this.closed.then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private receive(data: Buffer): void {
    this.chunks.push(data);
    this.buffered += data.length;
    while (this.buffered >= this.wanted) {
      const joined = this.chunks.length === 1 ? data : Buffer.concat(this.chunks);
      if (this.wanted === headerBytes) this.wanted += joined.readUInt32LE(0);
      if (this.wanted > headerBytes + maxFrameBytes) {
        this.close();
        return;
      }
      this.chunks = [joined];
      if (joined.length < this.wanted) return;
      const frame = this.socket.destroyed ? undefined : decode(joined.subarray(headerBytes, this.wanted));
      data = joined.subarray(this.wanted);
      this.chunks = [data];
      this.buffered = data.length;
      this.wanted = headerBytes;
      if (!frame) {
        this.close();
        return;
      }
      this.onFrame(frame);
    }
  }
}

function decode(bytes: Buffer): Frame | undefined {
  try {
    const value: unknown = packr.unpack(bytes);
    if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string') return;
    return value as Frame;
  } catch {
    return undefined;
  }
}
