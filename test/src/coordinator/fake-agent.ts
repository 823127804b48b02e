// SPDX-License-Identifier: Apache-2.0
import * as grpc from '@grpc/grpc-js';
import type * as ProtoModule from '../../../dist/proto/index.js';
import type {
  AgentEvent,
  AgentMessage,
  Child,
  Command,
  CommandResult,
  CoordinatorMessage,
  ForkCommand,
  ForkCommandChild,
  ForkEvent,
  Init,
  Node,
  Register,
} from '../../../dist/proto/index.js';
import { built } from '../built.js';

const { AgentService, ChildState, ForkEventKind } = await built<typeof ProtoModule>('proto/index.js');

type Answer = Omit<Init<CommandResult>, 'requestId'>;
type Handler = (command: Command) => Answer | undefined | Promise<Answer | undefined>;

/** An agent without daemons: a client of AgentService whose answers a test decides. */
export class FakeAgent {
  readonly commands: Command[] = [];
  /** By command name; undefined as an answer: never answer. */
  readonly handlers: Partial<Record<keyof Command, Handler>> = {};
  registered = 0;
  heartbeatMs = 0;
  /** The status that ended the stream. */
  ended: grpc.StatusObject | undefined;
  private readonly client: grpc.Client;
  private call: grpc.ClientDuplexStream<Init<AgentMessage>, CoordinatorMessage> | undefined;
  private readonly watchers = new Set<() => void>();
  private beat: NodeJS.Timeout | undefined;
  private pid = 1000;

  constructor(
    endpoint: string,
    readonly name: string,
    readonly node: Partial<Node> = {},
  ) {
    this.client = new grpc.Client(endpoint, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
    this.handlers.prepare = ({ prepare }) => ({ prepare: { seed: { parentPid: prepare!.pid, hasControl: true } } });
    this.handlers.fork = ({ fork }) => {
      this.events(fork!.children.map((child) => this.started(fork!, child)));
      return {};
    };
    this.handlers.runParent = ({ runParent }) => ({ parent: { name: runParent!.request!.name, hostPid: 77 } });
    this.handlers.seedStats = () => ({ seedStats: {} });
    for (const name of ['setLease', 'reclaim', 'kill', 'stopParent', 'refuseSeed'] as const)
      this.handlers[name] = () => ({});
  }

  /** Opens a stream and registers; resolves once the coordinator answered. */
  async connect(register: Partial<Init<Register>> = {}): Promise<this> {
    const { path, requestSerialize, responseDeserialize } = AgentService.connect;
    const call = this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    this.call = call;
    this.ended = undefined;
    const before = this.registered;
    call.on('data', (message: CoordinatorMessage) => this.receive(message));
    call.on('error', () => undefined);
    call.on('status', (status: grpc.StatusObject) => {
      if (this.call === call) this.ended = status;
      this.changed();
    });
    this.send({ register: { ...register, node: this.describe() } });
    await this.until(() => this.registered > before || this.ended !== undefined);
    return this;
  }

  startHeartbeats(everyMs: number): void {
    this.beat = setInterval(() => this.send({ heartbeat: { node: this.describe() } }), everyMs);
  }

  stopHeartbeats(): void {
    clearInterval(this.beat);
  }

  send(message: Init<AgentMessage>): void {
    this.call?.write(message);
  }

  events(events: Init<AgentEvent>[]): void {
    this.send({ events: { events } });
  }

  /** The stream breaks, as when the agent is killed. */
  drop(): void {
    this.call?.cancel();
  }

  close(): void {
    this.stopHeartbeats();
    this.call?.cancel();
    this.client.close();
  }

  /** Resolves once `condition` holds; it is looked at whenever something arrives. */
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

  /** The nth command of that name, once it came. */
  async command<Name extends keyof Command>(name: Name, nth = 0): Promise<NonNullable<Command[Name]>> {
    const matching = () => this.commands.filter((command) => command[name] !== undefined);
    await this.until(() => matching().length > nth);
    return matching()[nth]![name]!;
  }

  started(fork: ForkCommand, child: ForkCommandChild): Init<AgentEvent> {
    const hostPid = this.pid++;
    return this.event(ForkEventKind.KIND_STARTED, {
      childId: child.childId,
      seedId: fork.seedId,
      node: this.name,
      index: child.index,
      pid: 2,
      hostPid,
      state: ChildState.CHILD_STATE_STARTED,
      startedUnixMs: Date.now(),
      resumeMs: 0.5,
    });
  }

  event(
    kind: ForkEvent['kind'],
    child: Init<Child>,
    output: Uint8Array = Buffer.alloc(0),
    outputFd = 0,
  ): Init<AgentEvent> {
    return { fork: { kind, child, output, outputFd } };
  }

  exited(childId: string, exitCode = 0, fields: Init<Child> = {}): Init<AgentEvent> {
    const child = { childId, exitCode, state: ChildState.CHILD_STATE_EXITED, ...fields };
    return this.event(ForkEventKind.KIND_EXITED, child);
  }

  private describe(): Init<Node> {
    return {
      name: this.name,
      fabricHost: '10.9.8.7',
      fabricPort: 4711,
      memoryAvailableBytes: 2 ** 33,
      memoryTotalBytes: 2 ** 34,
      cpus: 2,
      agentPid: process.pid,
      ...this.node,
    };
  }

  private receive(message: CoordinatorMessage): void {
    if (message.registered) {
      this.registered = message.registered.nodeEpoch;
      this.heartbeatMs = message.registered.heartbeatMs;
    }
    if (message.command) void this.execute(message.command);
    this.changed();
  }

  private async execute(command: Command): Promise<void> {
    this.commands.push(command);
    const name = Object.entries(command).find(([key, value]) => key !== 'requestId' && value !== undefined)?.[0];
    const answer = await this.handlers[name as keyof Command]?.(command);
    if (answer) this.send({ result: { ...answer, requestId: command.requestId } });
  }

  private changed(): void {
    for (const look of [...this.watchers]) look();
  }
}
