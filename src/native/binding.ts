/**
 * The one typed door to the addon. Names and order mirror native/addon; sizes are bytes, times are in the unit that the
 * name ends in. No page byte passes here.
 *
 * Failures: every promise rejects with, and every event carries, a NativeError: an operating error of the catalogue.
 * Wrong argument types throw TypeError at once.
 */

/** An operating error as native code reports it (native/base/result.h). */
export interface NativeError {
  /** Catalogue number; src/errors maps it to the code. */
  code: number;
  stage: string;
  object: string;
  detail: string;
  sysErrno: number;
}

// ---------------- capture ----------------

export interface CaptureOptions {
  pid: number;
  seedId: string;
  /** Inode of the SDK's control socket in the parent; 0n: none. */
  controlInode: bigint;
  stopTimeoutMs: number;
  maxPauseMs: number;
}

/** A captured seed that the pager has not taken yet. Owns the descriptor memfd and the frozen twin. */
export interface Capture {
  readonly pid: number;
  readonly pauseUs: number;
  readonly forkUs: number;
  readonly sharedCopyUs: number;
  readonly threadCount: number;
  readonly vmaCount: number;
  readonly descriptorBytes: number;
  readonly hasControl: boolean;
  /** Kills the twin and frees the descriptor; no-op after Pager.importSeed took them. */
  release(): void;
}

// ---------------- pager ----------------

export interface SeedCredentials {
  seedId: string;
  /** 32 bytes. */
  key: Uint8Array;
  leaseEpoch: number;
}

export interface ImportOptions extends SeedCredentials {
  leaseExpiresUnixMs: number;
}

export interface OpenOptions extends SeedCredentials {
  sourceHost: string;
  sourcePort: number;
  deadlineMs: number;
}

export interface SeedReply {
  layoutPages: number;
  descriptorBytes: number;
  elapsedUs: number;
  wasOpen: boolean;
}

export interface PagerInfo {
  pid: number;
  fabricHost: string;
  fabricPort: number;
  seedIds: string[];
}

export interface SeedStats {
  layoutPages: number;
  presentPages: number;
  pagesFetched: number;
  bytesFetched: number;
  pagesServed: number;
  faults: number;
  pagesShared: number;
  pagesCopied: number;
  pagesZeroed: number;
  liveChildren: number;
  staged: boolean;
  stagingUs: number;
  sharedCopyUs: number;
  imageResidentBytes: number;
}

export interface ChildStats {
  faults: number;
  pagesShared: number;
  pagesCopied: number;
  pagesZeroed: number;
  pagesFetched: number;
}

export type PagerEvent =
  | { type: 'seedStaged'; seedId: string; pages: number; bytes: number; stagingUs: number }
  | { type: 'seedFailed'; seedId: string; error: NativeError }
  | { type: 'closed' };

/**
 * A connection to this node's pager. Calls reject with UNAVAILABLE once it is closed. The event `closed` comes once, when
 * the pager is gone, and not after close(). It ends when it is no longer referenced; keep it as long as events matter.
 */
export interface PagerConnection {
  hello(): Promise<PagerInfo>;
  importSeed(capture: Capture, options: ImportOptions): Promise<SeedReply>;
  openSeed(options: OpenOptions): Promise<SeedReply>;
  setLease(seedId: string, leaseEpoch: number, leaseExpiresUnixMs: number): Promise<void>;
  reclaimSeed(seedId: string, force: boolean): Promise<void>;
  seedStats(seedId: string): Promise<SeedStats>;
  childStats(childId: string): Promise<ChildStats>;
  shutdown(): Promise<void>;
  close(): void;
}

// ---------------- spawner ----------------

export interface SpawnerInfo {
  pid: number;
  /** 0: no pager is registered. */
  pagerPid: number;
  readyCells: number;
}

export interface ForkChild {
  childId: string;
  index: number;
  /** Empty: /dev/null. */
  stdinPath: string;
  /** Make a control socket: its agent end is in ForkHandles. */
  hasControl: boolean;
  inheritFiles: boolean;
  /** Regular files at 0, 1 and 2 stay open too, in place of the child's own streams. */
  inheritStdio: boolean;
}

export interface ForkOptions {
  seedId: string;
  /** process.hrtime.bigint() when the request reached the agent. */
  requestedAtNs: bigint;
  deadlineMs: number;
  /** Any number; the addon splits it into packets. */
  children: ForkChild[];
}

export interface RunOptions {
  id: string;
  argv: string[];
  /** The whole environment, "K=V". */
  env: string[];
  cwd: string;
  /** Empty, or the root file system to enter. */
  root: string;
  stdinPath: string;
  stdoutPath: string;
  stderrPath: string;
  hasControl: boolean;
  controlFd: number;
}

export interface RunReply {
  hostPid: number;
  /** The agent's end of the control socket, or -1; the caller owns it (wrap in net.Socket). */
  controlFd: number;
  /** Inode of the parent's end, for CaptureOptions.controlInode; 0n: none. */
  controlInode: bigint;
}

export interface ChildRecord {
  id: string;
  /** Empty: a parent made by run(). */
  seedId: string;
  pid: number;
  hostPid: number;
  exited: boolean;
  exitCode: number;
  signal: number;
  startedAtUnixMs: number;
  /** As in childStarted; -1: none, as of a parent. */
  stdoutFd: number;
  stderrFd: number;
}

export interface ChildPage {
  children: ChildRecord[];
  /** There are others after the last of these. */
  more: boolean;
}

export type SpawnerEvent =
  | {
      type: 'childStarted';
      childId: string;
      seedId: string;
      pid: number;
      hostPid: number;
      requestedAtNs: bigint;
      receivedAtNs: bigint;
      firstInstructionNs: bigint;
      /** Its output is at /proc/SPAWNER/fd/FD until forgetChild; what is not kept any more is a hole at the start. */
      stdoutFd: number;
      stderrFd: number;
    }
  | { type: 'childFailed'; childId: string; seedId: string; error: NativeError }
  | { type: 'childExited'; childId: string; exitCode: number; signal: number; error: NativeError | null }
  | { type: 'pagerLost'; pagerPid: number }
  | { type: 'closed' };

/** A connection to this node's spawner; as PagerConnection in all else. */
export interface SpawnerConnection {
  hello(): Promise<SpawnerInfo>;
  configurePool(readyCells: number, privateNetwork: boolean): Promise<void>;
  /**
   * Sends the batch; resolves when the spawner has taken it, with the agent's ends of the control sockets in the
   * children's order (-1 where there is none; the caller owns them). Each child yields one childStarted or childFailed
   * event, and after childStarted one childExited; with more than 64 children the first ones may come before the promise
   * resolves. It rejects only when no child was taken.
   */
  fork(options: ForkOptions): Promise<number[]>;
  run(options: RunOptions): Promise<RunReply>;
  kill(id: string, signal: number): Promise<void>;
  /** Children and parents in the order of their ids, those after `afterId` ('': from the start); repeat while `more`. */
  listChildren(afterId: string): Promise<ChildPage>;
  forgetChild(id: string): Promise<void>;
  shutdown(): Promise<void>;
  close(): void;
}

// ---------------- fabric, for tools, tests and benchmarks ----------------

export interface FabricReadResult {
  bytes: number;
  elapsedUs: number;
  /** XXH3-64 of all bytes read, for comparison; the bytes stay in native memory. */
  hash: bigint;
}

// ---------------- probes ----------------

/** One capability of this machine, for `farfork check`. */
export interface Probe {
  name: string;
  ok: boolean;
  required: boolean;
  detail: string;
  advice: string;
}

export interface Binding {
  /** Version of the control protocol; equals the daemons'. */
  readonly controlVersion: number;
  capture(options: CaptureOptions): Promise<Capture>;
  connectPager(
    socketPath: string,
    onEvent: (events: PagerEvent[]) => void,
    timeoutMs: number,
  ): Promise<PagerConnection>;
  connectSpawner(
    socketPath: string,
    onEvent: (events: SpawnerEvent[]) => void,
    timeoutMs: number,
  ): Promise<SpawnerConnection>;
  /** Opens a seed on a peer and reads `bytes` of its image from the start of the layout in reads of `readBytes`. */
  fabricRead(options: OpenOptions, bytes: number, readBytes: number): Promise<FabricReadResult>;
  /** For children: the OpenSSL of this process mixes in fresh randomness. False where there is none. */
  reseedOpenssl(): boolean;
  probe(): Probe[];
}
