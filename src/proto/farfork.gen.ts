// SPDX-License-Identifier: Apache-2.0
// Generated from proto/farfork/v1/*.proto by proto/generate.mjs. Do not edit.
import { codec, type Codec, method, noBytes, readMap, writeMap } from './codec.js';

export enum ChildState {
  CHILD_STATE_UNSPECIFIED = 0,
  CHILD_STATE_PENDING = 1,
  CHILD_STATE_STARTED = 2,
  CHILD_STATE_FAILED = 3,
  CHILD_STATE_EXITED = 4,
  CHILD_STATE_REPLIED = 5,
}

export enum ForkEventKind {
  KIND_UNSPECIFIED = 0,
  KIND_STARTED = 1,
  KIND_FAILED = 2,
  KIND_OUTPUT = 3,
  KIND_REPLIED = 4,
  KIND_EXITED = 5,
}

export interface AgentEvent {
  fork?: ForkEvent | undefined;
  seedWanted?: SeedWanted | undefined;
  seedStaged?: SeedStagedEvent | undefined;
  seedFailed?: SeedFailedEvent | undefined;
  parentExited?: ParentExited | undefined;
  pagerLost?: PagerLostEvent | undefined;
}
export const AgentEvent: Codec<AgentEvent> = codec<AgentEvent>(
  () => ({
    fork: undefined,
    seedWanted: undefined,
    seedStaged: undefined,
    seedFailed: undefined,
    parentExited: undefined,
    pagerLost: undefined,
  }),
  (message, writer) => {
    if (message.fork !== undefined) ForkEvent.write(message.fork, writer.uint32(10).fork()).ldelim();
    if (message.seedWanted !== undefined) SeedWanted.write(message.seedWanted, writer.uint32(18).fork()).ldelim();
    if (message.seedStaged !== undefined) SeedStagedEvent.write(message.seedStaged, writer.uint32(26).fork()).ldelim();
    if (message.seedFailed !== undefined) SeedFailedEvent.write(message.seedFailed, writer.uint32(34).fork()).ldelim();
    if (message.parentExited !== undefined) ParentExited.write(message.parentExited, writer.uint32(42).fork()).ldelim();
    if (message.pagerLost !== undefined) PagerLostEvent.write(message.pagerLost, writer.uint32(50).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.fork = ForkEvent.read(reader, reader.uint32()); break;
        case 18: message.seedWanted = SeedWanted.read(reader, reader.uint32()); break;
        case 26: message.seedStaged = SeedStagedEvent.read(reader, reader.uint32()); break;
        case 34: message.seedFailed = SeedFailedEvent.read(reader, reader.uint32()); break;
        case 42: message.parentExited = ParentExited.read(reader, reader.uint32()); break;
        case 50: message.pagerLost = PagerLostEvent.read(reader, reader.uint32()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface AgentEvents {
  events: AgentEvent[];
}
export const AgentEvents: Codec<AgentEvents> = codec<AgentEvents>(
  () => ({
    events: [],
  }),
  (message, writer) => {
    for (const item of message.events ?? []) AgentEvent.write(item, writer.uint32(10).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.events.push(AgentEvent.read(reader, reader.uint32())); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface AgentMessage {
  register?: Register | undefined;
  heartbeat?: Heartbeat | undefined;
  result?: CommandResult | undefined;
  events?: AgentEvents | undefined;
}
export const AgentMessage: Codec<AgentMessage> = codec<AgentMessage>(
  () => ({
    register: undefined,
    heartbeat: undefined,
    result: undefined,
    events: undefined,
  }),
  (message, writer) => {
    if (message.register !== undefined) Register.write(message.register, writer.uint32(10).fork()).ldelim();
    if (message.heartbeat !== undefined) Heartbeat.write(message.heartbeat, writer.uint32(18).fork()).ldelim();
    if (message.result !== undefined) CommandResult.write(message.result, writer.uint32(26).fork()).ldelim();
    if (message.events !== undefined) AgentEvents.write(message.events, writer.uint32(34).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.register = Register.read(reader, reader.uint32()); break;
        case 18: message.heartbeat = Heartbeat.read(reader, reader.uint32()); break;
        case 26: message.result = CommandResult.read(reader, reader.uint32()); break;
        case 34: message.events = AgentEvents.read(reader, reader.uint32()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface Child {
  childId: string;
  seedId: string;
  node: string;
  /** in its own pid namespace */
  pid: number;
  hostPid: number;
  state: ChildState;
  /** 128 + signal when a signal ended it */
  exitCode: number;
  signal: number;
  index: number;
  startedUnixMs: number;
  /** request at the agent until the child's first own instruction */
  resumeMs: number;
  error?: ErrorDetail | undefined;
}
export const Child: Codec<Child> = codec<Child>(
  () => ({
    childId: '',
    seedId: '',
    node: '',
    pid: 0,
    hostPid: 0,
    state: ChildState.CHILD_STATE_UNSPECIFIED,
    exitCode: 0,
    signal: 0,
    index: 0,
    startedUnixMs: 0,
    resumeMs: 0,
    error: undefined,
  }),
  (message, writer) => {
    if (message.childId) writer.uint32(10).string(message.childId);
    if (message.seedId) writer.uint32(18).string(message.seedId);
    if (message.node) writer.uint32(26).string(message.node);
    if (message.pid) writer.uint32(32).int32(message.pid);
    if (message.hostPid) writer.uint32(40).uint32(message.hostPid);
    if (message.state) writer.uint32(48).int32(message.state);
    if (message.exitCode) writer.uint32(56).int32(message.exitCode);
    if (message.signal) writer.uint32(64).int32(message.signal);
    if (message.index) writer.uint32(72).uint32(message.index);
    if (message.startedUnixMs) writer.uint32(80).uint64(message.startedUnixMs);
    if (message.resumeMs) writer.uint32(89).double(message.resumeMs);
    if (message.error !== undefined) ErrorDetail.write(message.error, writer.uint32(98).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.childId = reader.string(); break;
        case 18: message.seedId = reader.string(); break;
        case 26: message.node = reader.string(); break;
        case 32: message.pid = reader.int32(); break;
        case 40: message.hostPid = reader.uint32(); break;
        case 48: message.state = reader.int32() as ChildState; break;
        case 56: message.exitCode = reader.int32(); break;
        case 64: message.signal = reader.int32(); break;
        case 72: message.index = reader.uint32(); break;
        case 80: message.startedUnixMs = Number(reader.uint64()); break;
        case 89: message.resumeMs = reader.double(); break;
        case 98: message.error = ErrorDetail.read(reader, reader.uint32()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface ChildLogsRequest {
  childId: string;
  follow: boolean;
}
export const ChildLogsRequest: Codec<ChildLogsRequest> = codec<ChildLogsRequest>(
  () => ({
    childId: '',
    follow: false,
  }),
  (message, writer) => {
    if (message.childId) writer.uint32(10).string(message.childId);
    if (message.follow) writer.uint32(16).bool(message.follow);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.childId = reader.string(); break;
        case 16: message.follow = reader.bool(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface ChildLogsResponse {
  data: Uint8Array;
  fd: number;
}
export const ChildLogsResponse: Codec<ChildLogsResponse> = codec<ChildLogsResponse>(
  () => ({
    data: noBytes,
    fd: 0,
  }),
  (message, writer) => {
    if (message.data?.length) writer.uint32(10).bytes(message.data);
    if (message.fd) writer.uint32(16).uint32(message.fd);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.data = reader.bytes(); break;
        case 16: message.fd = reader.uint32(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface Command {
  requestId: number;
  runParent?: RunParentCommand | undefined;
  stopParent?: StopParentCommand | undefined;
  prepare?: PrepareCommand | undefined;
  /** answered once the batch is taken; children report by events */
  fork?: ForkCommand | undefined;
  setLease?: SetLeaseCommand | undefined;
  reclaim?: ReclaimCommand | undefined;
  seedStats?: SeedStatsCommand | undefined;
  kill?: KillCommand | undefined;
  readLogs?: ReadLogsCommand | undefined;
  refuseSeed?: RefuseSeedCommand | undefined;
}
export const Command: Codec<Command> = codec<Command>(
  () => ({
    requestId: 0,
    runParent: undefined,
    stopParent: undefined,
    prepare: undefined,
    fork: undefined,
    setLease: undefined,
    reclaim: undefined,
    seedStats: undefined,
    kill: undefined,
    readLogs: undefined,
    refuseSeed: undefined,
  }),
  (message, writer) => {
    if (message.requestId) writer.uint32(8).uint64(message.requestId);
    if (message.runParent !== undefined) RunParentCommand.write(message.runParent, writer.uint32(18).fork()).ldelim();
    if (message.stopParent !== undefined) StopParentCommand.write(message.stopParent, writer.uint32(26).fork()).ldelim();
    if (message.prepare !== undefined) PrepareCommand.write(message.prepare, writer.uint32(34).fork()).ldelim();
    if (message.fork !== undefined) ForkCommand.write(message.fork, writer.uint32(42).fork()).ldelim();
    if (message.setLease !== undefined) SetLeaseCommand.write(message.setLease, writer.uint32(50).fork()).ldelim();
    if (message.reclaim !== undefined) ReclaimCommand.write(message.reclaim, writer.uint32(58).fork()).ldelim();
    if (message.seedStats !== undefined) SeedStatsCommand.write(message.seedStats, writer.uint32(66).fork()).ldelim();
    if (message.kill !== undefined) KillCommand.write(message.kill, writer.uint32(74).fork()).ldelim();
    if (message.readLogs !== undefined) ReadLogsCommand.write(message.readLogs, writer.uint32(82).fork()).ldelim();
    if (message.refuseSeed !== undefined) RefuseSeedCommand.write(message.refuseSeed, writer.uint32(90).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 8: message.requestId = Number(reader.uint64()); break;
        case 18: message.runParent = RunParentCommand.read(reader, reader.uint32()); break;
        case 26: message.stopParent = StopParentCommand.read(reader, reader.uint32()); break;
        case 34: message.prepare = PrepareCommand.read(reader, reader.uint32()); break;
        case 42: message.fork = ForkCommand.read(reader, reader.uint32()); break;
        case 50: message.setLease = SetLeaseCommand.read(reader, reader.uint32()); break;
        case 58: message.reclaim = ReclaimCommand.read(reader, reader.uint32()); break;
        case 66: message.seedStats = SeedStatsCommand.read(reader, reader.uint32()); break;
        case 74: message.kill = KillCommand.read(reader, reader.uint32()); break;
        case 82: message.readLogs = ReadLogsCommand.read(reader, reader.uint32()); break;
        case 90: message.refuseSeed = RefuseSeedCommand.read(reader, reader.uint32()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface CommandResult {
  requestId: number;
  /** absent: done */
  error?: ErrorDetail | undefined;
  parent?: Parent | undefined;
  prepare?: PrepareResult | undefined;
  seedStats?: NodeSeedStats | undefined;
  logs?: Logs | undefined;
}
export const CommandResult: Codec<CommandResult> = codec<CommandResult>(
  () => ({
    requestId: 0,
    error: undefined,
    parent: undefined,
    prepare: undefined,
    seedStats: undefined,
    logs: undefined,
  }),
  (message, writer) => {
    if (message.requestId) writer.uint32(8).uint64(message.requestId);
    if (message.error !== undefined) ErrorDetail.write(message.error, writer.uint32(18).fork()).ldelim();
    if (message.parent !== undefined) Parent.write(message.parent, writer.uint32(26).fork()).ldelim();
    if (message.prepare !== undefined) PrepareResult.write(message.prepare, writer.uint32(34).fork()).ldelim();
    if (message.seedStats !== undefined) NodeSeedStats.write(message.seedStats, writer.uint32(42).fork()).ldelim();
    if (message.logs !== undefined) Logs.write(message.logs, writer.uint32(50).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 8: message.requestId = Number(reader.uint64()); break;
        case 18: message.error = ErrorDetail.read(reader, reader.uint32()); break;
        case 26: message.parent = Parent.read(reader, reader.uint32()); break;
        case 34: message.prepare = PrepareResult.read(reader, reader.uint32()); break;
        case 42: message.seedStats = NodeSeedStats.read(reader, reader.uint32()); break;
        case 50: message.logs = Logs.read(reader, reader.uint32()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface CoordinatorMessage {
  registered?: Registered | undefined;
  command?: Command | undefined;
}
export const CoordinatorMessage: Codec<CoordinatorMessage> = codec<CoordinatorMessage>(
  () => ({
    registered: undefined,
    command: undefined,
  }),
  (message, writer) => {
    if (message.registered !== undefined) Registered.write(message.registered, writer.uint32(10).fork()).ldelim();
    if (message.command !== undefined) Command.write(message.command, writer.uint32(18).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.registered = Registered.read(reader, reader.uint32()); break;
        case 18: message.command = Command.read(reader, reader.uint32()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface DrainNodeRequest {
  name: string;
  undrain: boolean;
}
export const DrainNodeRequest: Codec<DrainNodeRequest> = codec<DrainNodeRequest>(
  () => ({
    name: '',
    undrain: false,
  }),
  (message, writer) => {
    if (message.name) writer.uint32(10).string(message.name);
    if (message.undrain) writer.uint32(16).bool(message.undrain);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.name = reader.string(); break;
        case 16: message.undrain = reader.bool(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface DrainNodeResponse {
  node?: Node | undefined;
}
export const DrainNodeResponse: Codec<DrainNodeResponse> = codec<DrainNodeResponse>(
  () => ({
    node: undefined,
  }),
  (message, writer) => {
    if (message.node !== undefined) Node.write(message.node, writer.uint32(10).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.node = Node.read(reader, reader.uint32()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface ErrorDetail {
  /** of the catalogue, docs/errors.md */
  code: string;
  stage: string;
  object: string;
  detail: string;
}
export const ErrorDetail: Codec<ErrorDetail> = codec<ErrorDetail>(
  () => ({
    code: '',
    stage: '',
    object: '',
    detail: '',
  }),
  (message, writer) => {
    if (message.code) writer.uint32(10).string(message.code);
    if (message.stage) writer.uint32(18).string(message.stage);
    if (message.object) writer.uint32(26).string(message.object);
    if (message.detail) writer.uint32(34).string(message.detail);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.code = reader.string(); break;
        case 18: message.stage = reader.string(); break;
        case 26: message.object = reader.string(); break;
        case 34: message.detail = reader.string(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface ForkCommand {
  seedId: string;
  key: Uint8Array;
  leaseEpoch: number;
  /** the origin's fabric endpoint */
  sourceHost: string;
  sourcePort: number;
  children: ForkCommandChild[];
  stdin: Uint8Array;
  inheritFiles: boolean;
  deadlineMs: number;
  hasControl: boolean;
  streamOutput: boolean;
  /** of every child without an input of its own; empty: none */
  sharedInput: Uint8Array;
  inheritStdio: boolean;
}
export const ForkCommand: Codec<ForkCommand> = codec<ForkCommand>(
  () => ({
    seedId: '',
    key: noBytes,
    leaseEpoch: 0,
    sourceHost: '',
    sourcePort: 0,
    children: [],
    stdin: noBytes,
    inheritFiles: false,
    deadlineMs: 0,
    hasControl: false,
    streamOutput: false,
    sharedInput: noBytes,
    inheritStdio: false,
  }),
  (message, writer) => {
    if (message.seedId) writer.uint32(10).string(message.seedId);
    if (message.key?.length) writer.uint32(18).bytes(message.key);
    if (message.leaseEpoch) writer.uint32(24).uint64(message.leaseEpoch);
    if (message.sourceHost) writer.uint32(34).string(message.sourceHost);
    if (message.sourcePort) writer.uint32(40).uint32(message.sourcePort);
    for (const item of message.children ?? []) ForkCommandChild.write(item, writer.uint32(50).fork()).ldelim();
    if (message.stdin?.length) writer.uint32(58).bytes(message.stdin);
    if (message.inheritFiles) writer.uint32(64).bool(message.inheritFiles);
    if (message.deadlineMs) writer.uint32(72).uint32(message.deadlineMs);
    if (message.hasControl) writer.uint32(80).bool(message.hasControl);
    if (message.streamOutput) writer.uint32(88).bool(message.streamOutput);
    if (message.sharedInput?.length) writer.uint32(98).bytes(message.sharedInput);
    if (message.inheritStdio) writer.uint32(104).bool(message.inheritStdio);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seedId = reader.string(); break;
        case 18: message.key = reader.bytes(); break;
        case 24: message.leaseEpoch = Number(reader.uint64()); break;
        case 34: message.sourceHost = reader.string(); break;
        case 40: message.sourcePort = reader.uint32(); break;
        case 50: message.children.push(ForkCommandChild.read(reader, reader.uint32())); break;
        case 58: message.stdin = reader.bytes(); break;
        case 64: message.inheritFiles = reader.bool(); break;
        case 72: message.deadlineMs = reader.uint32(); break;
        case 80: message.hasControl = reader.bool(); break;
        case 88: message.streamOutput = reader.bool(); break;
        case 98: message.sharedInput = reader.bytes(); break;
        case 104: message.inheritStdio = reader.bool(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface ForkCommandChild {
  childId: string;
  index: number;
  input: Uint8Array;
}
export const ForkCommandChild: Codec<ForkCommandChild> = codec<ForkCommandChild>(
  () => ({
    childId: '',
    index: 0,
    input: noBytes,
  }),
  (message, writer) => {
    if (message.childId) writer.uint32(10).string(message.childId);
    if (message.index) writer.uint32(16).uint32(message.index);
    if (message.input?.length) writer.uint32(26).bytes(message.input);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.childId = reader.string(); break;
        case 16: message.index = reader.uint32(); break;
        case 26: message.input = reader.bytes(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface ForkEvent {
  kind: ForkEventKind;
  child?: Child | undefined;
  /** OUTPUT: bytes; REPLIED: MessagePack value */
  output: Uint8Array;
  /** 1 or 2 */
  outputFd: number;
}
export const ForkEvent: Codec<ForkEvent> = codec<ForkEvent>(
  () => ({
    kind: ForkEventKind.KIND_UNSPECIFIED,
    child: undefined,
    output: noBytes,
    outputFd: 0,
  }),
  (message, writer) => {
    if (message.kind) writer.uint32(8).int32(message.kind);
    if (message.child !== undefined) Child.write(message.child, writer.uint32(18).fork()).ldelim();
    if (message.output?.length) writer.uint32(26).bytes(message.output);
    if (message.outputFd) writer.uint32(32).uint32(message.outputFd);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 8: message.kind = reader.int32() as ForkEventKind; break;
        case 18: message.child = Child.read(reader, reader.uint32()); break;
        case 26: message.output = reader.bytes(); break;
        case 32: message.outputFd = reader.uint32(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface ForkRequest {
  /** id or name */
  seed: string;
  /** 0: 1 */
  count: number;
  /** pinned, round robin; empty: the scheduler spreads */
  nodes: string[];
  /** empty: the coordinator's own copy is used */
  key: Uint8Array;
  /** SDK children: one for each, or one for all; MessagePack */
  inputs: Uint8Array[];
  /** every child's standard input */
  stdin: Uint8Array;
  /** keep the stream open until every child ended */
  wait: boolean;
  /** with wait: OUTPUT events */
  streamOutput: boolean;
  /** regular files stay open (the default of the command line) */
  inheritFiles: boolean;
  /** for each child to start; 0: 10000 */
  deadlineMs: number;
  /** SDK children: keep the stream open until each replied or ended */
  wantReplies: boolean;
  /** with inherit_files: those at descriptors 0 to 2 and their duplicates too */
  inheritStdio: boolean;
}
export const ForkRequest: Codec<ForkRequest> = codec<ForkRequest>(
  () => ({
    seed: '',
    count: 0,
    nodes: [],
    key: noBytes,
    inputs: [],
    stdin: noBytes,
    wait: false,
    streamOutput: false,
    inheritFiles: false,
    deadlineMs: 0,
    wantReplies: false,
    inheritStdio: false,
  }),
  (message, writer) => {
    if (message.seed) writer.uint32(10).string(message.seed);
    if (message.count) writer.uint32(16).uint32(message.count);
    for (const item of message.nodes ?? []) writer.uint32(26).string(item);
    if (message.key?.length) writer.uint32(34).bytes(message.key);
    for (const item of message.inputs ?? []) writer.uint32(42).bytes(item);
    if (message.stdin?.length) writer.uint32(50).bytes(message.stdin);
    if (message.wait) writer.uint32(56).bool(message.wait);
    if (message.streamOutput) writer.uint32(64).bool(message.streamOutput);
    if (message.inheritFiles) writer.uint32(72).bool(message.inheritFiles);
    if (message.deadlineMs) writer.uint32(80).uint32(message.deadlineMs);
    if (message.wantReplies) writer.uint32(88).bool(message.wantReplies);
    if (message.inheritStdio) writer.uint32(96).bool(message.inheritStdio);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seed = reader.string(); break;
        case 16: message.count = reader.uint32(); break;
        case 26: message.nodes.push(reader.string()); break;
        case 34: message.key = reader.bytes(); break;
        case 42: message.inputs.push(reader.bytes()); break;
        case 50: message.stdin = reader.bytes(); break;
        case 56: message.wait = reader.bool(); break;
        case 64: message.streamOutput = reader.bool(); break;
        case 72: message.inheritFiles = reader.bool(); break;
        case 80: message.deadlineMs = reader.uint32(); break;
        case 88: message.wantReplies = reader.bool(); break;
        case 96: message.inheritStdio = reader.bool(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

/** Several events travel in one message, so that a batch of a thousand is not a thousand messages. */
export interface ForkResponse {
  events: ForkEvent[];
}
export const ForkResponse: Codec<ForkResponse> = codec<ForkResponse>(
  () => ({
    events: [],
  }),
  (message, writer) => {
    for (const item of message.events ?? []) ForkEvent.write(item, writer.uint32(10).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.events.push(ForkEvent.read(reader, reader.uint32())); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface GetSeedRequest {
  seed: string;
}
export const GetSeedRequest: Codec<GetSeedRequest> = codec<GetSeedRequest>(
  () => ({
    seed: '',
  }),
  (message, writer) => {
    if (message.seed) writer.uint32(10).string(message.seed);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seed = reader.string(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface GetSeedResponse {
  seed?: Seed | undefined;
}
export const GetSeedResponse: Codec<GetSeedResponse> = codec<GetSeedResponse>(
  () => ({
    seed: undefined,
  }),
  (message, writer) => {
    if (message.seed !== undefined) Seed.write(message.seed, writer.uint32(10).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seed = Seed.read(reader, reader.uint32()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface Heartbeat {
  node?: Node | undefined;
}
export const Heartbeat: Codec<Heartbeat> = codec<Heartbeat>(
  () => ({
    node: undefined,
  }),
  (message, writer) => {
    if (message.node !== undefined) Node.write(message.node, writer.uint32(10).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.node = Node.read(reader, reader.uint32()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface InvokeRequest {
  seed: string;
  /** MessagePack */
  input: Uint8Array;
  node: string;
  /** 0: 30000 */
  timeoutMs: number;
}
export const InvokeRequest: Codec<InvokeRequest> = codec<InvokeRequest>(
  () => ({
    seed: '',
    input: noBytes,
    node: '',
    timeoutMs: 0,
  }),
  (message, writer) => {
    if (message.seed) writer.uint32(10).string(message.seed);
    if (message.input?.length) writer.uint32(18).bytes(message.input);
    if (message.node) writer.uint32(26).string(message.node);
    if (message.timeoutMs) writer.uint32(32).uint32(message.timeoutMs);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seed = reader.string(); break;
        case 18: message.input = reader.bytes(); break;
        case 26: message.node = reader.string(); break;
        case 32: message.timeoutMs = reader.uint32(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface InvokeResponse {
  reply: Uint8Array;
  child?: Child | undefined;
}
export const InvokeResponse: Codec<InvokeResponse> = codec<InvokeResponse>(
  () => ({
    reply: noBytes,
    child: undefined,
  }),
  (message, writer) => {
    if (message.reply?.length) writer.uint32(10).bytes(message.reply);
    if (message.child !== undefined) Child.write(message.child, writer.uint32(18).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.reply = reader.bytes(); break;
        case 18: message.child = Child.read(reader, reader.uint32()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface KillChildRequest {
  childId: string;
  signal: number;
}
export const KillChildRequest: Codec<KillChildRequest> = codec<KillChildRequest>(
  () => ({
    childId: '',
    signal: 0,
  }),
  (message, writer) => {
    if (message.childId) writer.uint32(10).string(message.childId);
    if (message.signal) writer.uint32(16).int32(message.signal);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.childId = reader.string(); break;
        case 16: message.signal = reader.int32(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface KillChildResponse {

}
export const KillChildResponse: Codec<KillChildResponse> = codec<KillChildResponse>(
  () => ({

  }),
  (_message, writer) => {

    return writer;
  },
  (reader, end) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {

        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface KillCommand {
  childId: string;
  signal: number;
}
export const KillCommand: Codec<KillCommand> = codec<KillCommand>(
  () => ({
    childId: '',
    signal: 0,
  }),
  (message, writer) => {
    if (message.childId) writer.uint32(10).string(message.childId);
    if (message.signal) writer.uint32(16).int32(message.signal);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.childId = reader.string(); break;
        case 16: message.signal = reader.int32(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface ListChildrenRequest {
  seed: string;
  node: string;
  all: boolean;
}
export const ListChildrenRequest: Codec<ListChildrenRequest> = codec<ListChildrenRequest>(
  () => ({
    seed: '',
    node: '',
    all: false,
  }),
  (message, writer) => {
    if (message.seed) writer.uint32(10).string(message.seed);
    if (message.node) writer.uint32(18).string(message.node);
    if (message.all) writer.uint32(24).bool(message.all);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seed = reader.string(); break;
        case 18: message.node = reader.string(); break;
        case 24: message.all = reader.bool(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface ListChildrenResponse {
  children: Child[];
}
export const ListChildrenResponse: Codec<ListChildrenResponse> = codec<ListChildrenResponse>(
  () => ({
    children: [],
  }),
  (message, writer) => {
    for (const item of message.children ?? []) Child.write(item, writer.uint32(10).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.children.push(Child.read(reader, reader.uint32())); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface ListNodesRequest {

}
export const ListNodesRequest: Codec<ListNodesRequest> = codec<ListNodesRequest>(
  () => ({

  }),
  (_message, writer) => {

    return writer;
  },
  (reader, end) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {

        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface ListNodesResponse {
  nodes: Node[];
}
export const ListNodesResponse: Codec<ListNodesResponse> = codec<ListNodesResponse>(
  () => ({
    nodes: [],
  }),
  (message, writer) => {
    for (const item of message.nodes ?? []) Node.write(item, writer.uint32(10).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.nodes.push(Node.read(reader, reader.uint32())); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface ListParentsRequest {

}
export const ListParentsRequest: Codec<ListParentsRequest> = codec<ListParentsRequest>(
  () => ({

  }),
  (_message, writer) => {

    return writer;
  },
  (reader, end) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {

        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface ListParentsResponse {
  parents: Parent[];
}
export const ListParentsResponse: Codec<ListParentsResponse> = codec<ListParentsResponse>(
  () => ({
    parents: [],
  }),
  (message, writer) => {
    for (const item of message.parents ?? []) Parent.write(item, writer.uint32(10).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.parents.push(Parent.read(reader, reader.uint32())); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface ListSeedsRequest {

}
export const ListSeedsRequest: Codec<ListSeedsRequest> = codec<ListSeedsRequest>(
  () => ({

  }),
  (_message, writer) => {

    return writer;
  },
  (reader, end) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {

        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface ListSeedsResponse {
  seeds: Seed[];
}
export const ListSeedsResponse: Codec<ListSeedsResponse> = codec<ListSeedsResponse>(
  () => ({
    seeds: [],
  }),
  (message, writer) => {
    for (const item of message.seeds ?? []) Seed.write(item, writer.uint32(10).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seeds.push(Seed.read(reader, reader.uint32())); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

/** What is kept of a child's output from `offset` on, which is at least the one asked for: older output is dropped. */
export interface Logs {
  data: Uint8Array;
  offset: number;
}
export const Logs: Codec<Logs> = codec<Logs>(
  () => ({
    data: noBytes,
    offset: 0,
  }),
  (message, writer) => {
    if (message.data?.length) writer.uint32(10).bytes(message.data);
    if (message.offset) writer.uint32(16).uint64(message.offset);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.data = reader.bytes(); break;
        case 16: message.offset = Number(reader.uint64()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface Node {
  name: string;
  /** "ready", "draining", "lost" */
  state: string;
  fabricHost: string;
  fabricPort: number;
  children: number;
  cpus: number;
  memoryTotalBytes: number;
  memoryAvailableBytes: number;
  kernel: string;
  version: string;
  lastSeenUnixMs: number;
  agentPid: number;
  pagerPid: number;
  spawnerPid: number;
  /** "tcp" or "verbs" */
  fabric: string;
}
export const Node: Codec<Node> = codec<Node>(
  () => ({
    name: '',
    state: '',
    fabricHost: '',
    fabricPort: 0,
    children: 0,
    cpus: 0,
    memoryTotalBytes: 0,
    memoryAvailableBytes: 0,
    kernel: '',
    version: '',
    lastSeenUnixMs: 0,
    agentPid: 0,
    pagerPid: 0,
    spawnerPid: 0,
    fabric: '',
  }),
  (message, writer) => {
    if (message.name) writer.uint32(10).string(message.name);
    if (message.state) writer.uint32(18).string(message.state);
    if (message.fabricHost) writer.uint32(26).string(message.fabricHost);
    if (message.fabricPort) writer.uint32(32).uint32(message.fabricPort);
    if (message.children) writer.uint32(40).uint32(message.children);
    if (message.cpus) writer.uint32(48).uint32(message.cpus);
    if (message.memoryTotalBytes) writer.uint32(56).uint64(message.memoryTotalBytes);
    if (message.memoryAvailableBytes) writer.uint32(64).uint64(message.memoryAvailableBytes);
    if (message.kernel) writer.uint32(74).string(message.kernel);
    if (message.version) writer.uint32(82).string(message.version);
    if (message.lastSeenUnixMs) writer.uint32(88).uint64(message.lastSeenUnixMs);
    if (message.agentPid) writer.uint32(96).uint32(message.agentPid);
    if (message.pagerPid) writer.uint32(104).uint32(message.pagerPid);
    if (message.spawnerPid) writer.uint32(112).uint32(message.spawnerPid);
    if (message.fabric) writer.uint32(122).string(message.fabric);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.name = reader.string(); break;
        case 18: message.state = reader.string(); break;
        case 26: message.fabricHost = reader.string(); break;
        case 32: message.fabricPort = reader.uint32(); break;
        case 40: message.children = reader.uint32(); break;
        case 48: message.cpus = reader.uint32(); break;
        case 56: message.memoryTotalBytes = Number(reader.uint64()); break;
        case 64: message.memoryAvailableBytes = Number(reader.uint64()); break;
        case 74: message.kernel = reader.string(); break;
        case 82: message.version = reader.string(); break;
        case 88: message.lastSeenUnixMs = Number(reader.uint64()); break;
        case 96: message.agentPid = reader.uint32(); break;
        case 104: message.pagerPid = reader.uint32(); break;
        case 112: message.spawnerPid = reader.uint32(); break;
        case 122: message.fabric = reader.string(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface NodeSeedStats {
  node: string;
  layoutPages: number;
  presentPages: number;
  /** over the fabric, by this node */
  pagesFetched: number;
  bytesFetched: number;
  /** to other nodes */
  pagesServed: number;
  faults: number;
  /** mapped into a child from the image, no copy */
  pagesShared: number;
  pagesCopied: number;
  pagesZeroed: number;
  liveChildren: number;
  imageResidentBytes: number;
}
export const NodeSeedStats: Codec<NodeSeedStats> = codec<NodeSeedStats>(
  () => ({
    node: '',
    layoutPages: 0,
    presentPages: 0,
    pagesFetched: 0,
    bytesFetched: 0,
    pagesServed: 0,
    faults: 0,
    pagesShared: 0,
    pagesCopied: 0,
    pagesZeroed: 0,
    liveChildren: 0,
    imageResidentBytes: 0,
  }),
  (message, writer) => {
    if (message.node) writer.uint32(10).string(message.node);
    if (message.layoutPages) writer.uint32(16).uint64(message.layoutPages);
    if (message.presentPages) writer.uint32(24).uint64(message.presentPages);
    if (message.pagesFetched) writer.uint32(32).uint64(message.pagesFetched);
    if (message.bytesFetched) writer.uint32(40).uint64(message.bytesFetched);
    if (message.pagesServed) writer.uint32(48).uint64(message.pagesServed);
    if (message.faults) writer.uint32(56).uint64(message.faults);
    if (message.pagesShared) writer.uint32(64).uint64(message.pagesShared);
    if (message.pagesCopied) writer.uint32(72).uint64(message.pagesCopied);
    if (message.pagesZeroed) writer.uint32(80).uint64(message.pagesZeroed);
    if (message.liveChildren) writer.uint32(88).uint64(message.liveChildren);
    if (message.imageResidentBytes) writer.uint32(96).uint64(message.imageResidentBytes);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.node = reader.string(); break;
        case 16: message.layoutPages = Number(reader.uint64()); break;
        case 24: message.presentPages = Number(reader.uint64()); break;
        case 32: message.pagesFetched = Number(reader.uint64()); break;
        case 40: message.bytesFetched = Number(reader.uint64()); break;
        case 48: message.pagesServed = Number(reader.uint64()); break;
        case 56: message.faults = Number(reader.uint64()); break;
        case 64: message.pagesShared = Number(reader.uint64()); break;
        case 72: message.pagesCopied = Number(reader.uint64()); break;
        case 80: message.pagesZeroed = Number(reader.uint64()); break;
        case 88: message.liveChildren = Number(reader.uint64()); break;
        case 96: message.imageResidentBytes = Number(reader.uint64()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface PagerLostEvent {
  seedIds: string[];
}
export const PagerLostEvent: Codec<PagerLostEvent> = codec<PagerLostEvent>(
  () => ({
    seedIds: [],
  }),
  (message, writer) => {
    for (const item of message.seedIds ?? []) writer.uint32(10).string(item);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seedIds.push(reader.string()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface Parent {
  name: string;
  node: string;
  hostPid: number;
  /** "running", "exited" */
  state: string;
  exitCode: number;
  /** uses an SDK */
  hasControl: boolean;
  startedUnixMs: number;
  /** the newest seed that it made of itself, or empty */
  seedId: string;
}
export const Parent: Codec<Parent> = codec<Parent>(
  () => ({
    name: '',
    node: '',
    hostPid: 0,
    state: '',
    exitCode: 0,
    hasControl: false,
    startedUnixMs: 0,
    seedId: '',
  }),
  (message, writer) => {
    if (message.name) writer.uint32(10).string(message.name);
    if (message.node) writer.uint32(18).string(message.node);
    if (message.hostPid) writer.uint32(24).uint32(message.hostPid);
    if (message.state) writer.uint32(34).string(message.state);
    if (message.exitCode) writer.uint32(40).int32(message.exitCode);
    if (message.hasControl) writer.uint32(48).bool(message.hasControl);
    if (message.startedUnixMs) writer.uint32(56).uint64(message.startedUnixMs);
    if (message.seedId) writer.uint32(66).string(message.seedId);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.name = reader.string(); break;
        case 18: message.node = reader.string(); break;
        case 24: message.hostPid = reader.uint32(); break;
        case 34: message.state = reader.string(); break;
        case 40: message.exitCode = reader.int32(); break;
        case 48: message.hasControl = reader.bool(); break;
        case 56: message.startedUnixMs = Number(reader.uint64()); break;
        case 66: message.seedId = reader.string(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface ParentExited {
  name: string;
  exitCode: number;
}
export const ParentExited: Codec<ParentExited> = codec<ParentExited>(
  () => ({
    name: '',
    exitCode: 0,
  }),
  (message, writer) => {
    if (message.name) writer.uint32(10).string(message.name);
    if (message.exitCode) writer.uint32(16).int32(message.exitCode);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.name = reader.string(); break;
        case 16: message.exitCode = reader.int32(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface PrepareCommand {
  seedId: string;
  pid: number;
  parent: string;
  key: Uint8Array;
  leaseEpoch: number;
  expiresUnixMs: number;
  maxPauseMs: number;
}
export const PrepareCommand: Codec<PrepareCommand> = codec<PrepareCommand>(
  () => ({
    seedId: '',
    pid: 0,
    parent: '',
    key: noBytes,
    leaseEpoch: 0,
    expiresUnixMs: 0,
    maxPauseMs: 0,
  }),
  (message, writer) => {
    if (message.seedId) writer.uint32(10).string(message.seedId);
    if (message.pid) writer.uint32(16).uint32(message.pid);
    if (message.parent) writer.uint32(26).string(message.parent);
    if (message.key?.length) writer.uint32(34).bytes(message.key);
    if (message.leaseEpoch) writer.uint32(40).uint64(message.leaseEpoch);
    if (message.expiresUnixMs) writer.uint32(48).uint64(message.expiresUnixMs);
    if (message.maxPauseMs) writer.uint32(56).uint32(message.maxPauseMs);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seedId = reader.string(); break;
        case 16: message.pid = reader.uint32(); break;
        case 26: message.parent = reader.string(); break;
        case 34: message.key = reader.bytes(); break;
        case 40: message.leaseEpoch = Number(reader.uint64()); break;
        case 48: message.expiresUnixMs = Number(reader.uint64()); break;
        case 56: message.maxPauseMs = reader.uint32(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface PrepareRequest {
  pid?: number | undefined;
  /** name of a parent */
  parent?: string | undefined;
  /** with pid, when there are several nodes */
  node: string;
  name: string;
  /** 0: 600000 */
  ttlMs: number;
  /** 0: 1000 */
  maxPauseMs: number;
  waitStaged: boolean;
}
export const PrepareRequest: Codec<PrepareRequest> = codec<PrepareRequest>(
  () => ({
    pid: undefined,
    parent: undefined,
    node: '',
    name: '',
    ttlMs: 0,
    maxPauseMs: 0,
    waitStaged: false,
  }),
  (message, writer) => {
    if (message.pid !== undefined) writer.uint32(8).uint32(message.pid);
    if (message.parent !== undefined) writer.uint32(18).string(message.parent);
    if (message.node) writer.uint32(26).string(message.node);
    if (message.name) writer.uint32(34).string(message.name);
    if (message.ttlMs) writer.uint32(40).uint64(message.ttlMs);
    if (message.maxPauseMs) writer.uint32(48).uint32(message.maxPauseMs);
    if (message.waitStaged) writer.uint32(56).bool(message.waitStaged);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 8: message.pid = reader.uint32(); break;
        case 18: message.parent = reader.string(); break;
        case 26: message.node = reader.string(); break;
        case 34: message.name = reader.string(); break;
        case 40: message.ttlMs = Number(reader.uint64()); break;
        case 48: message.maxPauseMs = reader.uint32(); break;
        case 56: message.waitStaged = reader.bool(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface PrepareResponse {
  seed?: Seed | undefined;
}
export const PrepareResponse: Codec<PrepareResponse> = codec<PrepareResponse>(
  () => ({
    seed: undefined,
  }),
  (message, writer) => {
    if (message.seed !== undefined) Seed.write(message.seed, writer.uint32(10).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seed = Seed.read(reader, reader.uint32()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface PrepareResult {
  seed?: Seed | undefined;
}
export const PrepareResult: Codec<PrepareResult> = codec<PrepareResult>(
  () => ({
    seed: undefined,
  }),
  (message, writer) => {
    if (message.seed !== undefined) Seed.write(message.seed, writer.uint32(10).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seed = Seed.read(reader, reader.uint32()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface ReadLogsCommand {
  childId: string;
  fd: number;
  offset: number;
  maxBytes: number;
}
export const ReadLogsCommand: Codec<ReadLogsCommand> = codec<ReadLogsCommand>(
  () => ({
    childId: '',
    fd: 0,
    offset: 0,
    maxBytes: 0,
  }),
  (message, writer) => {
    if (message.childId) writer.uint32(10).string(message.childId);
    if (message.fd) writer.uint32(16).uint32(message.fd);
    if (message.offset) writer.uint32(24).uint64(message.offset);
    if (message.maxBytes) writer.uint32(32).uint32(message.maxBytes);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.childId = reader.string(); break;
        case 16: message.fd = reader.uint32(); break;
        case 24: message.offset = Number(reader.uint64()); break;
        case 32: message.maxBytes = reader.uint32(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface ReclaimCommand {
  seedId: string;
  force: boolean;
}
export const ReclaimCommand: Codec<ReclaimCommand> = codec<ReclaimCommand>(
  () => ({
    seedId: '',
    force: false,
  }),
  (message, writer) => {
    if (message.seedId) writer.uint32(10).string(message.seedId);
    if (message.force) writer.uint32(16).bool(message.force);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seedId = reader.string(); break;
        case 16: message.force = reader.bool(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

/** Answers SeedWanted when there will be no PrepareCommand for it, e.g. because the name is taken. */
export interface RefuseSeedCommand {
  parent: string;
  error?: ErrorDetail | undefined;
}
export const RefuseSeedCommand: Codec<RefuseSeedCommand> = codec<RefuseSeedCommand>(
  () => ({
    parent: '',
    error: undefined,
  }),
  (message, writer) => {
    if (message.parent) writer.uint32(10).string(message.parent);
    if (message.error !== undefined) ErrorDetail.write(message.error, writer.uint32(18).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.parent = reader.string(); break;
        case 18: message.error = ErrorDetail.read(reader, reader.uint32()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface Register {
  node?: Node | undefined;
  /** alive under the spawner: an agent restart loses none */
  children: Child[];
  parents: Parent[];
  /** open in the pager */
  seedIds: string[];
}
export const Register: Codec<Register> = codec<Register>(
  () => ({
    node: undefined,
    children: [],
    parents: [],
    seedIds: [],
  }),
  (message, writer) => {
    if (message.node !== undefined) Node.write(message.node, writer.uint32(10).fork()).ldelim();
    for (const item of message.children ?? []) Child.write(item, writer.uint32(18).fork()).ldelim();
    for (const item of message.parents ?? []) Parent.write(item, writer.uint32(26).fork()).ldelim();
    for (const item of message.seedIds ?? []) writer.uint32(34).string(item);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.node = Node.read(reader, reader.uint32()); break;
        case 18: message.children.push(Child.read(reader, reader.uint32())); break;
        case 26: message.parents.push(Parent.read(reader, reader.uint32())); break;
        case 34: message.seedIds.push(reader.string()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface Registered {
  /** fences an older stream of the same node */
  nodeEpoch: number;
  heartbeatMs: number;
}
export const Registered: Codec<Registered> = codec<Registered>(
  () => ({
    nodeEpoch: 0,
    heartbeatMs: 0,
  }),
  (message, writer) => {
    if (message.nodeEpoch) writer.uint32(8).uint64(message.nodeEpoch);
    if (message.heartbeatMs) writer.uint32(16).uint32(message.heartbeatMs);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 8: message.nodeEpoch = Number(reader.uint64()); break;
        case 16: message.heartbeatMs = reader.uint32(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface RemoveSeedRequest {
  seed: string;
  force: boolean;
}
export const RemoveSeedRequest: Codec<RemoveSeedRequest> = codec<RemoveSeedRequest>(
  () => ({
    seed: '',
    force: false,
  }),
  (message, writer) => {
    if (message.seed) writer.uint32(10).string(message.seed);
    if (message.force) writer.uint32(16).bool(message.force);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seed = reader.string(); break;
        case 16: message.force = reader.bool(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface RemoveSeedResponse {

}
export const RemoveSeedResponse: Codec<RemoveSeedResponse> = codec<RemoveSeedResponse>(
  () => ({

  }),
  (_message, writer) => {

    return writer;
  },
  (reader, end) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {

        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface RenewSeedRequest {
  seed: string;
  ttlMs: number;
}
export const RenewSeedRequest: Codec<RenewSeedRequest> = codec<RenewSeedRequest>(
  () => ({
    seed: '',
    ttlMs: 0,
  }),
  (message, writer) => {
    if (message.seed) writer.uint32(10).string(message.seed);
    if (message.ttlMs) writer.uint32(16).uint64(message.ttlMs);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seed = reader.string(); break;
        case 16: message.ttlMs = Number(reader.uint64()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface RenewSeedResponse {
  seed?: Seed | undefined;
}
export const RenewSeedResponse: Codec<RenewSeedResponse> = codec<RenewSeedResponse>(
  () => ({
    seed: undefined,
  }),
  (message, writer) => {
    if (message.seed !== undefined) Seed.write(message.seed, writer.uint32(10).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seed = Seed.read(reader, reader.uint32()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface RunParentCommand {
  request?: RunRequest | undefined;
  parentId: string;
}
export const RunParentCommand: Codec<RunParentCommand> = codec<RunParentCommand>(
  () => ({
    request: undefined,
    parentId: '',
  }),
  (message, writer) => {
    if (message.request !== undefined) RunRequest.write(message.request, writer.uint32(10).fork()).ldelim();
    if (message.parentId) writer.uint32(18).string(message.parentId);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.request = RunRequest.read(reader, reader.uint32()); break;
        case 18: message.parentId = reader.string(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface RunRequest {
  name: string;
  /** empty: the scheduler chooses */
  node: string;
  argv: string[];
  env: Record<string, string>;
  cwd: string;
  /** OCI bundle folder on the node, or empty */
  bundle: string;
  /** >0: wait until the SDK made it a seed */
  waitSeedMs: number;
}
export const RunRequest: Codec<RunRequest> = codec<RunRequest>(
  () => ({
    name: '',
    node: '',
    argv: [],
    env: {},
    cwd: '',
    bundle: '',
    waitSeedMs: 0,
  }),
  (message, writer) => {
    if (message.name) writer.uint32(10).string(message.name);
    if (message.node) writer.uint32(18).string(message.node);
    for (const item of message.argv ?? []) writer.uint32(26).string(item);
    writeMap(writer, 34, message.env);
    if (message.cwd) writer.uint32(42).string(message.cwd);
    if (message.bundle) writer.uint32(50).string(message.bundle);
    if (message.waitSeedMs) writer.uint32(56).uint32(message.waitSeedMs);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.name = reader.string(); break;
        case 18: message.node = reader.string(); break;
        case 26: message.argv.push(reader.string()); break;
        case 34: readMap(reader, message.env); break;
        case 42: message.cwd = reader.string(); break;
        case 50: message.bundle = reader.string(); break;
        case 56: message.waitSeedMs = reader.uint32(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface RunResponse {
  parent?: Parent | undefined;
  seed?: Seed | undefined;
}
export const RunResponse: Codec<RunResponse> = codec<RunResponse>(
  () => ({
    parent: undefined,
    seed: undefined,
  }),
  (message, writer) => {
    if (message.parent !== undefined) Parent.write(message.parent, writer.uint32(10).fork()).ldelim();
    if (message.seed !== undefined) Seed.write(message.seed, writer.uint32(18).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.parent = Parent.read(reader, reader.uint32()); break;
        case 18: message.seed = Seed.read(reader, reader.uint32()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface Seed {
  seedId: string;
  name: string;
  /** the origin */
  node: string;
  /** "staging", "ready", "failed", "expired" */
  state: string;
  leaseEpoch: number;
  expiresUnixMs: number;
  createdUnixMs: number;
  parentPid: number;
  threads: number;
  vmas: number;
  /** of 4096 bytes */
  layoutPages: number;
  descriptorBytes: number;
  /** how long the parent stood still */
  pauseUs: number;
  /** of that, the twin's clone */
  forkUs: number;
  stagingUs: number;
  hasControl: boolean;
  openNodes: string[];
  error?: ErrorDetail | undefined;
  /** Get only */
  stats: NodeSeedStats[];
  /** hex; only in the answer to Prepare and Run */
  key: string;
  sharedCopyUs: number;
}
export const Seed: Codec<Seed> = codec<Seed>(
  () => ({
    seedId: '',
    name: '',
    node: '',
    state: '',
    leaseEpoch: 0,
    expiresUnixMs: 0,
    createdUnixMs: 0,
    parentPid: 0,
    threads: 0,
    vmas: 0,
    layoutPages: 0,
    descriptorBytes: 0,
    pauseUs: 0,
    forkUs: 0,
    stagingUs: 0,
    hasControl: false,
    openNodes: [],
    error: undefined,
    stats: [],
    key: '',
    sharedCopyUs: 0,
  }),
  (message, writer) => {
    if (message.seedId) writer.uint32(10).string(message.seedId);
    if (message.name) writer.uint32(18).string(message.name);
    if (message.node) writer.uint32(26).string(message.node);
    if (message.state) writer.uint32(34).string(message.state);
    if (message.leaseEpoch) writer.uint32(40).uint64(message.leaseEpoch);
    if (message.expiresUnixMs) writer.uint32(48).uint64(message.expiresUnixMs);
    if (message.createdUnixMs) writer.uint32(56).uint64(message.createdUnixMs);
    if (message.parentPid) writer.uint32(64).uint32(message.parentPid);
    if (message.threads) writer.uint32(72).uint32(message.threads);
    if (message.vmas) writer.uint32(80).uint32(message.vmas);
    if (message.layoutPages) writer.uint32(88).uint64(message.layoutPages);
    if (message.descriptorBytes) writer.uint32(96).uint64(message.descriptorBytes);
    if (message.pauseUs) writer.uint32(105).double(message.pauseUs);
    if (message.forkUs) writer.uint32(113).double(message.forkUs);
    if (message.stagingUs) writer.uint32(121).double(message.stagingUs);
    if (message.hasControl) writer.uint32(128).bool(message.hasControl);
    for (const item of message.openNodes ?? []) writer.uint32(138).string(item);
    if (message.error !== undefined) ErrorDetail.write(message.error, writer.uint32(146).fork()).ldelim();
    for (const item of message.stats ?? []) NodeSeedStats.write(item, writer.uint32(154).fork()).ldelim();
    if (message.key) writer.uint32(162).string(message.key);
    if (message.sharedCopyUs) writer.uint32(169).double(message.sharedCopyUs);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seedId = reader.string(); break;
        case 18: message.name = reader.string(); break;
        case 26: message.node = reader.string(); break;
        case 34: message.state = reader.string(); break;
        case 40: message.leaseEpoch = Number(reader.uint64()); break;
        case 48: message.expiresUnixMs = Number(reader.uint64()); break;
        case 56: message.createdUnixMs = Number(reader.uint64()); break;
        case 64: message.parentPid = reader.uint32(); break;
        case 72: message.threads = reader.uint32(); break;
        case 80: message.vmas = reader.uint32(); break;
        case 88: message.layoutPages = Number(reader.uint64()); break;
        case 96: message.descriptorBytes = Number(reader.uint64()); break;
        case 105: message.pauseUs = reader.double(); break;
        case 113: message.forkUs = reader.double(); break;
        case 121: message.stagingUs = reader.double(); break;
        case 128: message.hasControl = reader.bool(); break;
        case 138: message.openNodes.push(reader.string()); break;
        case 146: message.error = ErrorDetail.read(reader, reader.uint32()); break;
        case 154: message.stats.push(NodeSeedStats.read(reader, reader.uint32())); break;
        case 162: message.key = reader.string(); break;
        case 169: message.sharedCopyUs = reader.double(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface SeedFailedEvent {
  seedId: string;
  error?: ErrorDetail | undefined;
}
export const SeedFailedEvent: Codec<SeedFailedEvent> = codec<SeedFailedEvent>(
  () => ({
    seedId: '',
    error: undefined,
  }),
  (message, writer) => {
    if (message.seedId) writer.uint32(10).string(message.seedId);
    if (message.error !== undefined) ErrorDetail.write(message.error, writer.uint32(18).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seedId = reader.string(); break;
        case 18: message.error = ErrorDetail.read(reader, reader.uint32()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface SeedStagedEvent {
  seedId: string;
  stagingUs: number;
  bytes: number;
}
export const SeedStagedEvent: Codec<SeedStagedEvent> = codec<SeedStagedEvent>(
  () => ({
    seedId: '',
    stagingUs: 0,
    bytes: 0,
  }),
  (message, writer) => {
    if (message.seedId) writer.uint32(10).string(message.seedId);
    if (message.stagingUs) writer.uint32(17).double(message.stagingUs);
    if (message.bytes) writer.uint32(24).uint64(message.bytes);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seedId = reader.string(); break;
        case 17: message.stagingUs = reader.double(); break;
        case 24: message.bytes = Number(reader.uint64()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface SeedStatsCommand {
  seedId: string;
}
export const SeedStatsCommand: Codec<SeedStatsCommand> = codec<SeedStatsCommand>(
  () => ({
    seedId: '',
  }),
  (message, writer) => {
    if (message.seedId) writer.uint32(10).string(message.seedId);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seedId = reader.string(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

/** An SDK parent called seed(): the agent prepared nothing yet; the coordinator answers with a PrepareCommand. */
export interface SeedWanted {
  parent: string;
  name: string;
  ttlMs: number;
}
export const SeedWanted: Codec<SeedWanted> = codec<SeedWanted>(
  () => ({
    parent: '',
    name: '',
    ttlMs: 0,
  }),
  (message, writer) => {
    if (message.parent) writer.uint32(10).string(message.parent);
    if (message.name) writer.uint32(18).string(message.name);
    if (message.ttlMs) writer.uint32(24).uint64(message.ttlMs);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.parent = reader.string(); break;
        case 18: message.name = reader.string(); break;
        case 24: message.ttlMs = Number(reader.uint64()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface SetLeaseCommand {
  seedId: string;
  leaseEpoch: number;
  expiresUnixMs: number;
}
export const SetLeaseCommand: Codec<SetLeaseCommand> = codec<SetLeaseCommand>(
  () => ({
    seedId: '',
    leaseEpoch: 0,
    expiresUnixMs: 0,
  }),
  (message, writer) => {
    if (message.seedId) writer.uint32(10).string(message.seedId);
    if (message.leaseEpoch) writer.uint32(16).uint64(message.leaseEpoch);
    if (message.expiresUnixMs) writer.uint32(24).uint64(message.expiresUnixMs);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.seedId = reader.string(); break;
        case 16: message.leaseEpoch = Number(reader.uint64()); break;
        case 24: message.expiresUnixMs = Number(reader.uint64()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface StopParentCommand {
  name: string;
  signal: number;
}
export const StopParentCommand: Codec<StopParentCommand> = codec<StopParentCommand>(
  () => ({
    name: '',
    signal: 0,
  }),
  (message, writer) => {
    if (message.name) writer.uint32(10).string(message.name);
    if (message.signal) writer.uint32(16).int32(message.signal);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.name = reader.string(); break;
        case 16: message.signal = reader.int32(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface StopParentRequest {
  name: string;
  signal: number;
}
export const StopParentRequest: Codec<StopParentRequest> = codec<StopParentRequest>(
  () => ({
    name: '',
    signal: 0,
  }),
  (message, writer) => {
    if (message.name) writer.uint32(10).string(message.name);
    if (message.signal) writer.uint32(16).int32(message.signal);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.name = reader.string(); break;
        case 16: message.signal = reader.int32(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface StopParentResponse {

}
export const StopParentResponse: Codec<StopParentResponse> = codec<StopParentResponse>(
  () => ({

  }),
  (_message, writer) => {

    return writer;
  },
  (reader, end) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {

        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface WaitChildRequest {
  childId: string;
  timeoutMs: number;
}
export const WaitChildRequest: Codec<WaitChildRequest> = codec<WaitChildRequest>(
  () => ({
    childId: '',
    timeoutMs: 0,
  }),
  (message, writer) => {
    if (message.childId) writer.uint32(10).string(message.childId);
    if (message.timeoutMs) writer.uint32(16).uint32(message.timeoutMs);
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.childId = reader.string(); break;
        case 16: message.timeoutMs = reader.uint32(); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export interface WaitChildResponse {
  child?: Child | undefined;
}
export const WaitChildResponse: Codec<WaitChildResponse> = codec<WaitChildResponse>(
  () => ({
    child: undefined,
  }),
  (message, writer) => {
    if (message.child !== undefined) Child.write(message.child, writer.uint32(10).fork()).ldelim();
    return writer;
  },
  (reader, end, message) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 10: message.child = Child.read(reader, reader.uint32()); break;
        default: reader.skipType(tag & 7);
      }
    }
  },
);

export const AgentService = {
  connect: method('/farfork.v1.AgentService/Connect', AgentMessage, CoordinatorMessage, true, true),
} as const;

export const ChildService = {
  fork: method('/farfork.v1.ChildService/Fork', ForkRequest, ForkResponse, false, true),
  invoke: method('/farfork.v1.ChildService/Invoke', InvokeRequest, InvokeResponse, false, false),
  list: method('/farfork.v1.ChildService/List', ListChildrenRequest, ListChildrenResponse, false, false),
  kill: method('/farfork.v1.ChildService/Kill', KillChildRequest, KillChildResponse, false, false),
  wait: method('/farfork.v1.ChildService/Wait', WaitChildRequest, WaitChildResponse, false, false),
  logs: method('/farfork.v1.ChildService/Logs', ChildLogsRequest, ChildLogsResponse, false, true),
} as const;

export const NodeService = {
  list: method('/farfork.v1.NodeService/List', ListNodesRequest, ListNodesResponse, false, false),
  drain: method('/farfork.v1.NodeService/Drain', DrainNodeRequest, DrainNodeResponse, false, false),
} as const;

export const ParentService = {
  run: method('/farfork.v1.ParentService/Run', RunRequest, RunResponse, false, false),
  list: method('/farfork.v1.ParentService/List', ListParentsRequest, ListParentsResponse, false, false),
  stop: method('/farfork.v1.ParentService/Stop', StopParentRequest, StopParentResponse, false, false),
} as const;

export const SeedService = {
  prepare: method('/farfork.v1.SeedService/Prepare', PrepareRequest, PrepareResponse, false, false),
  list: method('/farfork.v1.SeedService/List', ListSeedsRequest, ListSeedsResponse, false, false),
  get: method('/farfork.v1.SeedService/Get', GetSeedRequest, GetSeedResponse, false, false),
  remove: method('/farfork.v1.SeedService/Remove', RemoveSeedRequest, RemoveSeedResponse, false, false),
  renew: method('/farfork.v1.SeedService/Renew', RenewSeedRequest, RenewSeedResponse, false, false),
} as const;

/** Full names of the services. */
export const serviceNames = [
  'farfork.v1.AgentService',
  'farfork.v1.ChildService',
  'farfork.v1.NodeService',
  'farfork.v1.ParentService',
  'farfork.v1.SeedService',
] as const;

/** Encoded google.protobuf.FileDescriptorProto, for reflection. */
export const fileDescriptors: readonly Buffer[] = [
  Buffer.from(
    [
      'ChBmYXJmb3JrX3YxLnByb3RvEgpmYXJmb3JrLnYxIo8BCghSZWdpc3RlchIeCgRub2RlGAEgASgLMhAuZmFyZm9yay52MS5Ob2RlEiMKCGNoaW',
      'xkcmVuGAIgAygLMhEuZmFyZm9yay52MS5DaGlsZBIjCgdwYXJlbnRzGAMgAygLMhIuZmFyZm9yay52MS5QYXJlbnQSGQoIc2VlZF9pZHMYBCAD',
      'KAlSB3NlZWRJZHMiTgoKUmVnaXN0ZXJlZBIdCgpub2RlX2Vwb2NoGAEgASgEUglub2RlRXBvY2gSIQoMaGVhcnRiZWF0X21zGAIgASgNUgtoZW',
      'FydGJlYXRNcyIrCglIZWFydGJlYXQSHgoEbm9kZRgBIAEoCzIQLmZhcmZvcmsudjEuTm9kZSJYChBSdW5QYXJlbnRDb21tYW5kEicKB3JlcXVl',
      'c3QYASABKAsyFi5mYXJmb3JrLnYxLlJ1blJlcXVlc3QSGwoJcGFyZW50X2lkGAIgASgJUghwYXJlbnRJZCIxChFTdG9wUGFyZW50Q29tbWFuZB',
      'IMCgRuYW1lGAEgASgJEg4KBnNpZ25hbBgCIAEoBSK+AQoOUHJlcGFyZUNvbW1hbmQSFwoHc2VlZF9pZBgBIAEoCVIGc2VlZElkEgsKA3BpZBgC',
      'IAEoDRIOCgZwYXJlbnQYAyABKAkSCwoDa2V5GAQgASgMEh8KC2xlYXNlX2Vwb2NoGAUgASgEUgpsZWFzZUVwb2NoEiYKD2V4cGlyZXNfdW5peF',
      '9tcxgGIAEoBFINZXhwaXJlc1VuaXhNcxIgCgxtYXhfcGF1c2VfbXMYByABKA1SCm1heFBhdXNlTXMiLwoNUHJlcGFyZVJlc3VsdBIeCgRzZWVk',
      'GAEgASgLMhAuZmFyZm9yay52MS5TZWVkIqkDCgtGb3JrQ29tbWFuZBIXCgdzZWVkX2lkGAEgASgJUgZzZWVkSWQSCwoDa2V5GAIgASgMEh8KC2',
      'xlYXNlX2Vwb2NoGAMgASgEUgpsZWFzZUVwb2NoEh8KC3NvdXJjZV9ob3N0GAQgASgJUgpzb3VyY2VIb3N0Eh8KC3NvdXJjZV9wb3J0GAUgASgN',
      'Ugpzb3VyY2VQb3J0Ei4KCGNoaWxkcmVuGAYgAygLMhwuZmFyZm9yay52MS5Gb3JrQ29tbWFuZENoaWxkEg0KBXN0ZGluGAcgASgMEiMKDWluaG',
      'VyaXRfZmlsZXMYCCABKAhSDGluaGVyaXRGaWxlcxIfCgtkZWFkbGluZV9tcxgJIAEoDVIKZGVhZGxpbmVNcxIfCgtoYXNfY29udHJvbBgKIAEo',
      'CFIKaGFzQ29udHJvbBIjCg1zdHJlYW1fb3V0cHV0GAsgASgIUgxzdHJlYW1PdXRwdXQSIQoMc2hhcmVkX2lucHV0GAwgASgMUgtzaGFyZWRJbn',
      'B1dBIjCg1pbmhlcml0X3N0ZGlvGA0gASgIUgxpbmhlcml0U3RkaW8iSwoQRm9ya0NvbW1hbmRDaGlsZBIZCghjaGlsZF9pZBgBIAEoCVIHY2hp',
      'bGRJZBINCgVpbmRleBgCIAEoDRINCgVpbnB1dBgDIAEoDCJzCg9TZXRMZWFzZUNvbW1hbmQSFwoHc2VlZF9pZBgBIAEoCVIGc2VlZElkEh8KC2',
      'xlYXNlX2Vwb2NoGAIgASgEUgpsZWFzZUVwb2NoEiYKD2V4cGlyZXNfdW5peF9tcxgDIAEoBFINZXhwaXJlc1VuaXhNcyI4Cg5SZWNsYWltQ29t',
      'bWFuZBIXCgdzZWVkX2lkGAEgASgJUgZzZWVkSWQSDQoFZm9yY2UYAiABKAgiKwoQU2VlZFN0YXRzQ29tbWFuZBIXCgdzZWVkX2lkGAEgASgJUg',
      'ZzZWVkSWQiOAoLS2lsbENvbW1hbmQSGQoIY2hpbGRfaWQYASABKAlSB2NoaWxkSWQSDgoGc2lnbmFsGAIgASgFIksKEVJlZnVzZVNlZWRDb21t',
      'YW5kEg4KBnBhcmVudBgBIAEoCRImCgVlcnJvchgCIAEoCzIXLmZhcmZvcmsudjEuRXJyb3JEZXRhaWwiZQoPUmVhZExvZ3NDb21tYW5kEhkKCG',
      'NoaWxkX2lkGAEgASgJUgdjaGlsZElkEgoKAmZkGAIgASgNEg4KBm9mZnNldBgDIAEoBBIbCgltYXhfYnl0ZXMYBCABKA1SCG1heEJ5dGVzIiQK',
      'BExvZ3MSDAoEZGF0YRgBIAEoDBIOCgZvZmZzZXQYAiABKAQi3QQKB0NvbW1hbmQSHQoKcmVxdWVzdF9pZBgBIAEoBFIJcmVxdWVzdElkEj0KCn',
      'J1bl9wYXJlbnQYAiABKAsyHC5mYXJmb3JrLnYxLlJ1blBhcmVudENvbW1hbmRIAFIJcnVuUGFyZW50EkAKC3N0b3BfcGFyZW50GAMgASgLMh0u',
      'ZmFyZm9yay52MS5TdG9wUGFyZW50Q29tbWFuZEgAUgpzdG9wUGFyZW50Ei0KB3ByZXBhcmUYBCABKAsyGi5mYXJmb3JrLnYxLlByZXBhcmVDb2',
      '1tYW5kSAASJwoEZm9yaxgFIAEoCzIXLmZhcmZvcmsudjEuRm9ya0NvbW1hbmRIABI6CglzZXRfbGVhc2UYBiABKAsyGy5mYXJmb3JrLnYxLlNl',
      'dExlYXNlQ29tbWFuZEgAUghzZXRMZWFzZRItCgdyZWNsYWltGAcgASgLMhouZmFyZm9yay52MS5SZWNsYWltQ29tbWFuZEgAEj0KCnNlZWRfc3',
      'RhdHMYCCABKAsyHC5mYXJmb3JrLnYxLlNlZWRTdGF0c0NvbW1hbmRIAFIJc2VlZFN0YXRzEicKBGtpbGwYCSABKAsyFy5mYXJmb3JrLnYxLktp',
      'bGxDb21tYW5kSAASOgoJcmVhZF9sb2dzGAogASgLMhsuZmFyZm9yay52MS5SZWFkTG9nc0NvbW1hbmRIAFIIcmVhZExvZ3MSQAoLcmVmdXNlX3',
      'NlZWQYCyABKAsyHS5mYXJmb3JrLnYxLlJlZnVzZVNlZWRDb21tYW5kSABSCnJlZnVzZVNlZWRCCQoHY29tbWFuZCKSAgoNQ29tbWFuZFJlc3Vs',
      'dBIdCgpyZXF1ZXN0X2lkGAEgASgEUglyZXF1ZXN0SWQSJgoFZXJyb3IYAiABKAsyFy5mYXJmb3JrLnYxLkVycm9yRGV0YWlsEiQKBnBhcmVudB',
      'gDIAEoCzISLmZhcmZvcmsudjEuUGFyZW50SAASLAoHcHJlcGFyZRgEIAEoCzIZLmZhcmZvcmsudjEuUHJlcGFyZVJlc3VsdEgAEjoKCnNlZWRf',
      'c3RhdHMYBSABKAsyGS5mYXJmb3JrLnYxLk5vZGVTZWVkU3RhdHNIAFIJc2VlZFN0YXRzEiAKBGxvZ3MYBiABKAsyEC5mYXJmb3JrLnYxLkxvZ3',
      'NIAEIICgZyZXN1bHQiQQoKU2VlZFdhbnRlZBIOCgZwYXJlbnQYASABKAkSDAoEbmFtZRgCIAEoCRIVCgZ0dGxfbXMYAyABKARSBXR0bE1zIlgK',
      'D1NlZWRTdGFnZWRFdmVudBIXCgdzZWVkX2lkGAEgASgJUgZzZWVkSWQSHQoKc3RhZ2luZ191cxgCIAEoAVIJc3RhZ2luZ1VzEg0KBWJ5dGVzGA',
      'MgASgEIlIKD1NlZWRGYWlsZWRFdmVudBIXCgdzZWVkX2lkGAEgASgJUgZzZWVkSWQSJgoFZXJyb3IYAiABKAsyFy5mYXJmb3JrLnYxLkVycm9y',
      'RGV0YWlsIjkKDFBhcmVudEV4aXRlZBIMCgRuYW1lGAEgASgJEhsKCWV4aXRfY29kZRgCIAEoBVIIZXhpdENvZGUiKwoOUGFnZXJMb3N0RXZlbn',
      'QSGQoIc2VlZF9pZHMYASADKAlSB3NlZWRJZHMi9QIKCkFnZW50RXZlbnQSJQoEZm9yaxgBIAEoCzIVLmZhcmZvcmsudjEuRm9ya0V2ZW50SAAS',
      'OQoLc2VlZF93YW50ZWQYAiABKAsyFi5mYXJmb3JrLnYxLlNlZWRXYW50ZWRIAFIKc2VlZFdhbnRlZBI+CgtzZWVkX3N0YWdlZBgDIAEoCzIbLm',
      'ZhcmZvcmsudjEuU2VlZFN0YWdlZEV2ZW50SABSCnNlZWRTdGFnZWQSPgoLc2VlZF9mYWlsZWQYBCABKAsyGy5mYXJmb3JrLnYxLlNlZWRGYWls',
      'ZWRFdmVudEgAUgpzZWVkRmFpbGVkEj8KDXBhcmVudF9leGl0ZWQYBSABKAsyGC5mYXJmb3JrLnYxLlBhcmVudEV4aXRlZEgAUgxwYXJlbnRFeG',
      'l0ZWQSOwoKcGFnZXJfbG9zdBgGIAEoCzIaLmZhcmZvcmsudjEuUGFnZXJMb3N0RXZlbnRIAFIJcGFnZXJMb3N0QgcKBWV2ZW50IscBCgxBZ2Vu',
      'dE1lc3NhZ2USKAoIcmVnaXN0ZXIYASABKAsyFC5mYXJmb3JrLnYxLlJlZ2lzdGVySAASKgoJaGVhcnRiZWF0GAIgASgLMhUuZmFyZm9yay52MS',
      '5IZWFydGJlYXRIABIrCgZyZXN1bHQYAyABKAsyGS5mYXJmb3JrLnYxLkNvbW1hbmRSZXN1bHRIABIpCgZldmVudHMYBCABKAsyFy5mYXJmb3Jr',
      'LnYxLkFnZW50RXZlbnRzSABCCQoHbWVzc2FnZSI1CgtBZ2VudEV2ZW50cxImCgZldmVudHMYASADKAsyFi5mYXJmb3JrLnYxLkFnZW50RXZlbn',
      'QidQoSQ29vcmRpbmF0b3JNZXNzYWdlEiwKCnJlZ2lzdGVyZWQYASABKAsyFi5mYXJmb3JrLnYxLlJlZ2lzdGVyZWRIABImCgdjb21tYW5kGAIg',
      'ASgLMhMuZmFyZm9yay52MS5Db21tYW5kSABCCQoHbWVzc2FnZSJKCgtFcnJvckRldGFpbBIMCgRjb2RlGAEgASgJEg0KBXN0YWdlGAIgASgJEg',
      '4KBm9iamVjdBgDIAEoCRIOCgZkZXRhaWwYBCABKAkizQEKBlBhcmVudBIMCgRuYW1lGAEgASgJEgwKBG5vZGUYAiABKAkSGQoIaG9zdF9waWQY',
      'AyABKA1SB2hvc3RQaWQSDQoFc3RhdGUYBCABKAkSGwoJZXhpdF9jb2RlGAUgASgFUghleGl0Q29kZRIfCgtoYXNfY29udHJvbBgGIAEoCFIKaG',
      'FzQ29udHJvbBImCg9zdGFydGVkX3VuaXhfbXMYByABKARSDXN0YXJ0ZWRVbml4TXMSFwoHc2VlZF9pZBgIIAEoCVIGc2VlZElkIs8BCgpSdW5S',
      'ZXF1ZXN0EgwKBG5hbWUYASABKAkSDAoEbm9kZRgCIAEoCRIMCgRhcmd2GAMgAygJEiwKA2VudhgEIAMoCzIfLmZhcmZvcmsudjEuUnVuUmVxdW',
      'VzdC5FbnZFbnRyeRILCgNjd2QYBSABKAkSDgoGYnVuZGxlGAYgASgJEiAKDHdhaXRfc2VlZF9tcxgHIAEoDVIKd2FpdFNlZWRNcxoqCghFbnZF',
      'bnRyeRILCgNrZXkYASABKAkSDQoFdmFsdWUYAiABKAk6AjgBIlEKC1J1blJlc3BvbnNlEiIKBnBhcmVudBgBIAEoCzISLmZhcmZvcmsudjEuUG',
      'FyZW50Eh4KBHNlZWQYAiABKAsyEC5mYXJmb3JrLnYxLlNlZWQiFAoSTGlzdFBhcmVudHNSZXF1ZXN0IjoKE0xpc3RQYXJlbnRzUmVzcG9uc2US',
      'IwoHcGFyZW50cxgBIAMoCzISLmZhcmZvcmsudjEuUGFyZW50IjEKEVN0b3BQYXJlbnRSZXF1ZXN0EgwKBG5hbWUYASABKAkSDgoGc2lnbmFsGA',
      'IgASgFIhQKElN0b3BQYXJlbnRSZXNwb25zZSLfBAoEU2VlZBIXCgdzZWVkX2lkGAEgASgJUgZzZWVkSWQSDAoEbmFtZRgCIAEoCRIMCgRub2Rl',
      'GAMgASgJEg0KBXN0YXRlGAQgASgJEh8KC2xlYXNlX2Vwb2NoGAUgASgEUgpsZWFzZUVwb2NoEiYKD2V4cGlyZXNfdW5peF9tcxgGIAEoBFINZX',
      'hwaXJlc1VuaXhNcxImCg9jcmVhdGVkX3VuaXhfbXMYByABKARSDWNyZWF0ZWRVbml4TXMSHQoKcGFyZW50X3BpZBgIIAEoDVIJcGFyZW50UGlk',
      'Eg8KB3RocmVhZHMYCSABKA0SDAoEdm1hcxgKIAEoDRIhCgxsYXlvdXRfcGFnZXMYCyABKARSC2xheW91dFBhZ2VzEikKEGRlc2NyaXB0b3JfYn',
      'l0ZXMYDCABKARSD2Rlc2NyaXB0b3JCeXRlcxIZCghwYXVzZV91cxgNIAEoAVIHcGF1c2VVcxIXCgdmb3JrX3VzGA4gASgBUgZmb3JrVXMSHQoK',
      'c3RhZ2luZ191cxgPIAEoAVIJc3RhZ2luZ1VzEh8KC2hhc19jb250cm9sGBAgASgIUgpoYXNDb250cm9sEh0KCm9wZW5fbm9kZXMYESADKAlSCW',
      '9wZW5Ob2RlcxImCgVlcnJvchgSIAEoCzIXLmZhcmZvcmsudjEuRXJyb3JEZXRhaWwSKAoFc3RhdHMYEyADKAsyGS5mYXJmb3JrLnYxLk5vZGVT',
      'ZWVkU3RhdHMSCwoDa2V5GBQgASgJEiQKDnNoYXJlZF9jb3B5X3VzGBUgASgBUgxzaGFyZWRDb3B5VXMiogMKDU5vZGVTZWVkU3RhdHMSDAoEbm',
      '9kZRgBIAEoCRIhCgxsYXlvdXRfcGFnZXMYAiABKARSC2xheW91dFBhZ2VzEiMKDXByZXNlbnRfcGFnZXMYAyABKARSDHByZXNlbnRQYWdlcxIj',
      'Cg1wYWdlc19mZXRjaGVkGAQgASgEUgxwYWdlc0ZldGNoZWQSIwoNYnl0ZXNfZmV0Y2hlZBgFIAEoBFIMYnl0ZXNGZXRjaGVkEiEKDHBhZ2VzX3',
      'NlcnZlZBgGIAEoBFILcGFnZXNTZXJ2ZWQSDgoGZmF1bHRzGAcgASgEEiEKDHBhZ2VzX3NoYXJlZBgIIAEoBFILcGFnZXNTaGFyZWQSIQoMcGFn',
      'ZXNfY29waWVkGAkgASgEUgtwYWdlc0NvcGllZBIhCgxwYWdlc196ZXJvZWQYCiABKARSC3BhZ2VzWmVyb2VkEiMKDWxpdmVfY2hpbGRyZW4YCy',
      'ABKARSDGxpdmVDaGlsZHJlbhIwChRpbWFnZV9yZXNpZGVudF9ieXRlcxgMIAEoBFISaW1hZ2VSZXNpZGVudEJ5dGVzIrEBCg5QcmVwYXJlUmVx',
      'dWVzdBINCgNwaWQYASABKA1IABIQCgZwYXJlbnQYAiABKAlIABIMCgRub2RlGAMgASgJEgwKBG5hbWUYBCABKAkSFQoGdHRsX21zGAUgASgEUg',
      'V0dGxNcxIgCgxtYXhfcGF1c2VfbXMYBiABKA1SCm1heFBhdXNlTXMSHwoLd2FpdF9zdGFnZWQYByABKAhSCndhaXRTdGFnZWRCCAoGdGFyZ2V0',
      'IjEKD1ByZXBhcmVSZXNwb25zZRIeCgRzZWVkGAEgASgLMhAuZmFyZm9yay52MS5TZWVkIhIKEExpc3RTZWVkc1JlcXVlc3QiNAoRTGlzdFNlZW',
      'RzUmVzcG9uc2USHwoFc2VlZHMYASADKAsyEC5mYXJmb3JrLnYxLlNlZWQiHgoOR2V0U2VlZFJlcXVlc3QSDAoEc2VlZBgBIAEoCSIxCg9HZXRT',
      'ZWVkUmVzcG9uc2USHgoEc2VlZBgBIAEoCzIQLmZhcmZvcmsudjEuU2VlZCIwChFSZW1vdmVTZWVkUmVxdWVzdBIMCgRzZWVkGAEgASgJEg0KBW',
      'ZvcmNlGAIgASgIIhQKElJlbW92ZVNlZWRSZXNwb25zZSI3ChBSZW5ld1NlZWRSZXF1ZXN0EgwKBHNlZWQYASABKAkSFQoGdHRsX21zGAIgASgE',
      'UgV0dGxNcyIzChFSZW5ld1NlZWRSZXNwb25zZRIeCgRzZWVkGAEgASgLMhAuZmFyZm9yay52MS5TZWVkIsECCgVDaGlsZBIZCghjaGlsZF9pZB',
      'gBIAEoCVIHY2hpbGRJZBIXCgdzZWVkX2lkGAIgASgJUgZzZWVkSWQSDAoEbm9kZRgDIAEoCRILCgNwaWQYBCABKAUSGQoIaG9zdF9waWQYBSAB',
      'KA1SB2hvc3RQaWQSJQoFc3RhdGUYBiABKA4yFi5mYXJmb3JrLnYxLkNoaWxkU3RhdGUSGwoJZXhpdF9jb2RlGAcgASgFUghleGl0Q29kZRIOCg',
      'ZzaWduYWwYCCABKAUSDQoFaW5kZXgYCSABKA0SJgoPc3RhcnRlZF91bml4X21zGAogASgEUg1zdGFydGVkVW5peE1zEhsKCXJlc3VtZV9tcxgL',
      'IAEoAVIIcmVzdW1lTXMSJgoFZXJyb3IYDCABKAsyFy5mYXJmb3JrLnYxLkVycm9yRGV0YWlsIqYCCgtGb3JrUmVxdWVzdBIMCgRzZWVkGAEgAS',
      'gJEg0KBWNvdW50GAIgASgNEg0KBW5vZGVzGAMgAygJEgsKA2tleRgEIAEoDBIOCgZpbnB1dHMYBSADKAwSDQoFc3RkaW4YBiABKAwSDAoEd2Fp',
      'dBgHIAEoCBIjCg1zdHJlYW1fb3V0cHV0GAggASgIUgxzdHJlYW1PdXRwdXQSIwoNaW5oZXJpdF9maWxlcxgJIAEoCFIMaW5oZXJpdEZpbGVzEh',
      '8KC2RlYWRsaW5lX21zGAogASgNUgpkZWFkbGluZU1zEiEKDHdhbnRfcmVwbGllcxgLIAEoCFILd2FudFJlcGxpZXMSIwoNaW5oZXJpdF9zdGRp',
      'bxgMIAEoCFIMaW5oZXJpdFN0ZGlvIvkBCglGb3JrRXZlbnQSKAoEa2luZBgBIAEoDjIaLmZhcmZvcmsudjEuRm9ya0V2ZW50LktpbmQSIAoFY2',
      'hpbGQYAiABKAsyES5mYXJmb3JrLnYxLkNoaWxkEg4KBm91dHB1dBgDIAEoDBIbCglvdXRwdXRfZmQYBCABKA1SCG91dHB1dEZkInMKBEtpbmQS',
      'FAoQS0lORF9VTlNQRUNJRklFRBAAEhAKDEtJTkRfU1RBUlRFRBABEg8KC0tJTkRfRkFJTEVEEAISDwoLS0lORF9PVVRQVVQQAxIQCgxLSU5EX1',
      'JFUExJRUQQBBIPCgtLSU5EX0VYSVRFRBAFIjUKDEZvcmtSZXNwb25zZRIlCgZldmVudHMYASADKAsyFS5mYXJmb3JrLnYxLkZvcmtFdmVudCJZ',
      'Cg1JbnZva2VSZXF1ZXN0EgwKBHNlZWQYASABKAkSDQoFaW5wdXQYAiABKAwSDAoEbm9kZRgDIAEoCRIdCgp0aW1lb3V0X21zGAQgASgNUgl0aW',
      '1lb3V0TXMiQQoOSW52b2tlUmVzcG9uc2USDQoFcmVwbHkYASABKAwSIAoFY2hpbGQYAiABKAsyES5mYXJmb3JrLnYxLkNoaWxkIj4KE0xpc3RD',
      'aGlsZHJlblJlcXVlc3QSDAoEc2VlZBgBIAEoCRIMCgRub2RlGAIgASgJEgsKA2FsbBgDIAEoCCI7ChRMaXN0Q2hpbGRyZW5SZXNwb25zZRIjCg',
      'hjaGlsZHJlbhgBIAMoCzIRLmZhcmZvcmsudjEuQ2hpbGQiPQoQS2lsbENoaWxkUmVxdWVzdBIZCghjaGlsZF9pZBgBIAEoCVIHY2hpbGRJZBIO',
      'CgZzaWduYWwYAiABKAUiEwoRS2lsbENoaWxkUmVzcG9uc2UiTAoQV2FpdENoaWxkUmVxdWVzdBIZCghjaGlsZF9pZBgBIAEoCVIHY2hpbGRJZB',
      'IdCgp0aW1lb3V0X21zGAIgASgNUgl0aW1lb3V0TXMiNQoRV2FpdENoaWxkUmVzcG9uc2USIAoFY2hpbGQYASABKAsyES5mYXJmb3JrLnYxLkNo',
      'aWxkIj0KEENoaWxkTG9nc1JlcXVlc3QSGQoIY2hpbGRfaWQYASABKAlSB2NoaWxkSWQSDgoGZm9sbG93GAIgASgIIi0KEUNoaWxkTG9nc1Jlc3',
      'BvbnNlEgwKBGRhdGEYASABKAwSCgoCZmQYAiABKA0ioAMKBE5vZGUSDAoEbmFtZRgBIAEoCRINCgVzdGF0ZRgCIAEoCRIfCgtmYWJyaWNfaG9z',
      'dBgDIAEoCVIKZmFicmljSG9zdBIfCgtmYWJyaWNfcG9ydBgEIAEoDVIKZmFicmljUG9ydBIQCghjaGlsZHJlbhgFIAEoDRIMCgRjcHVzGAYgAS',
      'gNEiwKEm1lbW9yeV90b3RhbF9ieXRlcxgHIAEoBFIQbWVtb3J5VG90YWxCeXRlcxI0ChZtZW1vcnlfYXZhaWxhYmxlX2J5dGVzGAggASgEUhRt',
      'ZW1vcnlBdmFpbGFibGVCeXRlcxIOCgZrZXJuZWwYCSABKAkSDwoHdmVyc2lvbhgKIAEoCRIpChFsYXN0X3NlZW5fdW5peF9tcxgLIAEoBFIObG',
      'FzdFNlZW5Vbml4TXMSGwoJYWdlbnRfcGlkGAwgASgNUghhZ2VudFBpZBIbCglwYWdlcl9waWQYDSABKA1SCHBhZ2VyUGlkEh8KC3NwYXduZXJf',
      'cGlkGA4gASgNUgpzcGF3bmVyUGlkEg4KBmZhYnJpYxgPIAEoCSISChBMaXN0Tm9kZXNSZXF1ZXN0IjQKEUxpc3ROb2Rlc1Jlc3BvbnNlEh8KBW',
      '5vZGVzGAEgAygLMhAuZmFyZm9yay52MS5Ob2RlIjEKEERyYWluTm9kZVJlcXVlc3QSDAoEbmFtZRgBIAEoCRIPCgd1bmRyYWluGAIgASgIIjMK',
      'EURyYWluTm9kZVJlc3BvbnNlEh4KBG5vZGUYASABKAsyEC5mYXJmb3JrLnYxLk5vZGUqpAEKCkNoaWxkU3RhdGUSGwoXQ0hJTERfU1RBVEVfVU',
      '5TUEVDSUZJRUQQABIXChNDSElMRF9TVEFURV9QRU5ESU5HEAESFwoTQ0hJTERfU1RBVEVfU1RBUlRFRBACEhYKEkNISUxEX1NUQVRFX0ZBSUxF',
      'RBADEhYKEkNISUxEX1NUQVRFX0VYSVRFRBAEEhcKE0NISUxEX1NUQVRFX1JFUExJRUQQBTJXCgxBZ2VudFNlcnZpY2USRwoHQ29ubmVjdBIYLm',
      'ZhcmZvcmsudjEuQWdlbnRNZXNzYWdlGh4uZmFyZm9yay52MS5Db29yZGluYXRvck1lc3NhZ2UoATABMtcBCg1QYXJlbnRTZXJ2aWNlEjYKA1J1',
      'bhIWLmZhcmZvcmsudjEuUnVuUmVxdWVzdBoXLmZhcmZvcmsudjEuUnVuUmVzcG9uc2USRwoETGlzdBIeLmZhcmZvcmsudjEuTGlzdFBhcmVudH',
      'NSZXF1ZXN0Gh8uZmFyZm9yay52MS5MaXN0UGFyZW50c1Jlc3BvbnNlEkUKBFN0b3ASHS5mYXJmb3JrLnYxLlN0b3BQYXJlbnRSZXF1ZXN0Gh4u',
      'ZmFyZm9yay52MS5TdG9wUGFyZW50UmVzcG9uc2Uy5QIKC1NlZWRTZXJ2aWNlEkIKB1ByZXBhcmUSGi5mYXJmb3JrLnYxLlByZXBhcmVSZXF1ZX',
      'N0GhsuZmFyZm9yay52MS5QcmVwYXJlUmVzcG9uc2USQwoETGlzdBIcLmZhcmZvcmsudjEuTGlzdFNlZWRzUmVxdWVzdBodLmZhcmZvcmsudjEu',
      'TGlzdFNlZWRzUmVzcG9uc2USPgoDR2V0EhouZmFyZm9yay52MS5HZXRTZWVkUmVxdWVzdBobLmZhcmZvcmsudjEuR2V0U2VlZFJlc3BvbnNlEk',
      'cKBlJlbW92ZRIdLmZhcmZvcmsudjEuUmVtb3ZlU2VlZFJlcXVlc3QaHi5mYXJmb3JrLnYxLlJlbW92ZVNlZWRSZXNwb25zZRJECgVSZW5ldxIc',
      'LmZhcmZvcmsudjEuUmVuZXdTZWVkUmVxdWVzdBodLmZhcmZvcmsudjEuUmVuZXdTZWVkUmVzcG9uc2UyqAMKDENoaWxkU2VydmljZRI7CgRGb3',
      'JrEhcuZmFyZm9yay52MS5Gb3JrUmVxdWVzdBoYLmZhcmZvcmsudjEuRm9ya1Jlc3BvbnNlMAESPwoGSW52b2tlEhkuZmFyZm9yay52MS5JbnZv',
      'a2VSZXF1ZXN0GhouZmFyZm9yay52MS5JbnZva2VSZXNwb25zZRJJCgRMaXN0Eh8uZmFyZm9yay52MS5MaXN0Q2hpbGRyZW5SZXF1ZXN0GiAuZm',
      'FyZm9yay52MS5MaXN0Q2hpbGRyZW5SZXNwb25zZRJDCgRLaWxsEhwuZmFyZm9yay52MS5LaWxsQ2hpbGRSZXF1ZXN0Gh0uZmFyZm9yay52MS5L',
      'aWxsQ2hpbGRSZXNwb25zZRJDCgRXYWl0EhwuZmFyZm9yay52MS5XYWl0Q2hpbGRSZXF1ZXN0Gh0uZmFyZm9yay52MS5XYWl0Q2hpbGRSZXNwb2',
      '5zZRJFCgRMb2dzEhwuZmFyZm9yay52MS5DaGlsZExvZ3NSZXF1ZXN0Gh0uZmFyZm9yay52MS5DaGlsZExvZ3NSZXNwb25zZTABMpgBCgtOb2Rl',
      'U2VydmljZRJDCgRMaXN0EhwuZmFyZm9yay52MS5MaXN0Tm9kZXNSZXF1ZXN0Gh0uZmFyZm9yay52MS5MaXN0Tm9kZXNSZXNwb25zZRJECgVEcm',
      'FpbhIcLmZhcmZvcmsudjEuRHJhaW5Ob2RlUmVxdWVzdBodLmZhcmZvcmsudjEuRHJhaW5Ob2RlUmVzcG9uc2ViBnByb3RvMw==',
    ].join(''),
    'base64',
  ),
];
