// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Packr } from 'msgpackr';
import type * as AgentModule from '../../../dist/agent/index.js';
import type * as LogModule from '../../../dist/log/index.js';
import type * as ProtoModule from '../../../dist/proto/index.js';
import type { ForkCommand, ForkEvent, Init } from '../../../dist/proto/index.js';
import { built } from '../built.js';
import { FakeBinding } from './fake-binding.js';
import { FakeCoordinator } from './fake-coordinator.js';

const { startAgent } = await built<typeof AgentModule>('agent/index.js');
const { silentLogger } = await built<typeof LogModule>('log/index.js');
const { ForkEventKind } = await built<typeof ProtoModule>('proto/index.js');

/** An agent between fake daemons and a fake coordinator. */
export class TestNode {
  readonly folder = mkdtempSync(join(tmpdir(), 'farfork-agent-'));
  readonly stateDir = join(this.folder, 'state');
  readonly binding = new FakeBinding();
  readonly coordinator = new FakeCoordinator(join(this.folder, 'sock'));
  readonly sockets = new SocketPairs(join(this.folder, 'pairs'));
  agent: AgentModule.Agent | undefined;

  /** With its agent, registered. */
  static async start(): Promise<TestNode> {
    const node = new TestNode();
    await node.coordinator.start();
    await node.startAgent();
    return node;
  }

  /** Resolves once it is registered. */
  async startAgent(): Promise<void> {
    const before = this.coordinator.registers.length;
    await this.startAgentAlone();
    await this.coordinator.until('a register', () => this.coordinator.registers.length > before);
  }

  async startAgentAlone(): Promise<void> {
    this.agent = await startAgent({
      name: 'n1',
      coordinator: this.coordinator.endpoint,
      stateDir: this.stateDir,
      fabricHost: '10.0.0.1',
      fabricPort: 0,
      readyCells: 4,
      privateNetwork: false,
      binding: this.binding,
      log: silentLogger,
    });
  }

  async close(): Promise<void> {
    await this.agent?.close();
    this.coordinator.stop();
    this.sockets.close();
    this.binding.closeOutputs();
    rmSync(this.folder, { recursive: true, force: true });
  }

  fork(childIds: string[], fields: Partial<Init<ForkCommand>> = {}): Init<ForkCommand> {
    const children = childIds.map((childId, index) => ({ childId, index }));
    const source = { key: Buffer.alloc(32, 1), leaseEpoch: 1, sourceHost: '10.0.0.2', sourcePort: 99 };
    return { seedId: 'seed', ...source, children, deadlineMs: 5000, ...fields };
  }

  /** The kinds of a child's events, once the last of them came. */
  async kinds(childId: string, last: string): Promise<string[]> {
    const kinds = (): string[] => this.coordinator.forkEvents(childId).map(kindOf);
    await this.coordinator.until(`${last} of ${childId}`, () => kinds().includes(last));
    return kinds();
  }
}

export function kindOf(event: ForkEvent): string {
  return ForkEventKind[event.kind].replace('KIND_', '');
}

const packr = new Packr({ useRecords: false, int64AsType: 'number' });

export function framed(body: Uint8Array): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32LE(body.length);
  return Buffer.concat([header, body]);
}

export function frame(value: unknown): Buffer {
  return framed(packr.pack(value));
}

/** The other end of a control socket: what a parent or a child holds. */
export class Peer {
  readonly frames: Record<string, unknown>[] = [];
  closed = false;
  private bytes = Buffer.alloc(0);
  private readonly watchers = new Set<() => void>();

  constructor(readonly socket: Socket) {
    socket.on('data', (data) => this.receive(data));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
      for (const look of [...this.watchers]) look();
    });
  }

  send(value: unknown): void {
    this.socket.write(frame(value));
  }

  /** The nth frame, once it came. */
  async frame(nth = 0): Promise<Record<string, unknown>> {
    await this.until(() => this.frames.length > nth);
    return this.frames[nth]!;
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.watchers.delete(look);
        resolve();
      };
      this.watchers.add(look);
      look();
    });
  }

  private receive(data: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, data]);
    while (this.bytes.length >= 4 && this.bytes.length >= 4 + this.bytes.readUInt32LE(0)) {
      const end = 4 + this.bytes.readUInt32LE(0);
      this.frames.push(packr.unpack(this.bytes.subarray(4, end)) as Record<string, unknown>);
      this.bytes = this.bytes.subarray(end);
    }
    for (const look of [...this.watchers]) look();
  }
}

/** Connected stream sockets; the agent gets the descriptor of one end, as from the addon. */
export class SocketPairs {
  private server: Server | undefined;
  private readonly peers: Socket[] = [];

  constructor(private readonly path: string) {}

  /** `fd` belongs to whoever takes it. */
  async make(): Promise<{ fd: number; peer: Peer }> {
    if (!this.server) {
      this.server = createServer({ pauseOnConnect: true });
      this.server.listen(this.path).unref();
      await once(this.server, 'listening');
    }
    const accepted = once(this.server, 'connection');
    const socket = new Socket();
    socket.connect(this.path);
    const [end] = (await accepted) as [Socket];
    this.peers.push(socket);
    // This socket never reads and is never closed, so that its descriptor has one owner only.
    end.unref();
    const { fd } = (end as unknown as { _handle: { fd: number } })._handle;
    return { fd, peer: new Peer(socket) };
  }

  close(): void {
    for (const socket of this.peers) socket.destroy();
    this.server?.close();
  }
}
