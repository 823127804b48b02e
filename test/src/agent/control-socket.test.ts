// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as ControlModule from '../../../dist/agent/control-socket.js';
import type { ControlSocket, Frame } from '../../../dist/agent/control-socket.js';
import { built } from '../built.js';
import { frame, framed, type Peer, SocketPairs } from './node.js';

const control = await built<typeof ControlModule>('agent/control-socket.js');

describe('control socket', () => {
  let folder: string;
  let pairs: SocketPairs;
  let socket: ControlSocket;
  let peer: Peer;
  let seen: Frame[];
  let arrived: () => void;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'farfork-control-'));
    pairs = new SocketPairs(join(folder, 'sock'));
  });
  beforeEach(async () => {
    const pair = await pairs.make();
    seen = [];
    arrived = () => undefined;
    peer = pair.peer;
    socket = control.ControlSocket.fromFd(pair.fd, (each) => {
      seen.push(each);
      arrived();
    });
  });
  afterEach(async () => {
    socket.close();
    await socket.closed;
  });
  after(() => {
    pairs.close();
    rmSync(folder, { recursive: true });
  });

  const count = (wanted: number): Promise<void> =>
    new Promise((resolve) => {
      arrived = () => {
        if (seen.length >= wanted) resolve();
      };
      arrived();
    });

  it('reads a frame that comes byte by byte', async () => {
    for (const byte of frame({ type: 'reply', value: Buffer.from('abc') })) {
      await new Promise<void>((resolve) => peer.socket.write(Buffer.from([byte]), () => resolve()));
    }
    await count(1);
    assert.deepEqual(Buffer.from(seen[0]!['value'] as Uint8Array), Buffer.from('abc'));
  });

  it('reads frames that come joined, the last one cut', async () => {
    const last = frame({ type: 'c' });
    peer.socket.write(Buffer.concat([frame({ type: 'a' }), frame({ type: 'b' }), last.subarray(0, 6)]));
    await count(2);
    peer.socket.write(last.subarray(6));
    await count(3);
    assert.deepEqual(
      seen.map(({ type }) => type),
      ['a', 'b', 'c'],
    );
  });

  it('carries 1 MiB both ways', async () => {
    const value = Buffer.alloc(1 << 20, 0x5a);
    peer.send({ type: 'reply', value });
    await count(1);
    assert.ok(value.equals(seen[0]!['value'] as Uint8Array));
    socket.send({ type: 'role', input: value });
    assert.ok(value.equals((await peer.frame())['input'] as Uint8Array));
  });

  it('reads a 64-bit integer as a number', async () => {
    const head = Buffer.concat([
      Buffer.from([0x82, 0xa4]),
      Buffer.from('type'),
      Buffer.from([0xa4]),
      Buffer.from('seed'),
    ]);
    const ttl = Buffer.concat([
      Buffer.from([0xa6]),
      Buffer.from('ttl_ms'),
      Buffer.from([0xd3, 0, 0, 0, 0, 0, 9, 0x27, 0xc0]),
    ]);
    peer.socket.write(framed(Buffer.concat([head, ttl])));
    await count(1);
    assert.deepEqual(seen[0], { type: 'seed', ttl_ms: 600_000 });
  });

  const garbage: [string, Buffer][] = [
    ['an empty frame', framed(Buffer.alloc(0))],
    ['no MessagePack', framed(Buffer.from([0xc1, 0xff]))],
    ['bytes after the value', framed(Buffer.from([0xc0, 0xc0]))],
    ['no map', frame(7)],
    ['a map without a type', frame({ value: 1 })],
    ['a frame of more than 64 MiB', Buffer.from([1, 0, 0, 4])],
  ];
  for (const [what, bytes] of garbage) {
    it(`disconnects a peer that sends ${what}`, async () => {
      peer.socket.write(Buffer.concat([frame({ type: 'a' }), bytes, frame({ type: 'b' })]));
      await peer.until(() => peer.closed);
      await socket.closed;
      assert.deepEqual(seen, [{ type: 'a' }]);
    });
  }

  it('hands on nothing after it was closed', async () => {
    arrived = () => socket.close();
    peer.socket.write(Buffer.concat([frame({ type: 'a' }), frame({ type: 'b' })]));
    await socket.closed;
    assert.deepEqual(seen, [{ type: 'a' }]);
    socket.send({ type: 'role' });
  });

  it('hands on what was sent before the peer closed', async () => {
    peer.send({ type: 'reply', value: Buffer.alloc(100_000) });
    peer.socket.end();
    await socket.closed;
    assert.equal(seen.length, 1);
  });
});
