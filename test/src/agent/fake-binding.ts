// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type {
  Binding,
  Capture,
  CaptureOptions,
  ChildRecord,
  ForkOptions,
  NativeError,
  OpenOptions,
  PagerConnection,
  PagerEvent,
  RunOptions,
  RunReply,
  SpawnerConnection,
  SpawnerEvent,
} from '../../../dist/native/index.js';

export function nativeError(code: number, detail = 'as the test wants'): NativeError {
  return { code, stage: 'fake', object: 'fake', detail, sysErrno: 0 };
}

/** Rejects as the addon does: with a plain object. */
export function refuse(error: NativeError): Promise<never> {
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- see above
  return Promise.reject(error);
}

/** A file without a name (open(2), O_TMPFILE, which Node.js does not know by name). */
function openNameless(): number {
  return openSync(tmpdir(), constants.O_RDWR | 0o20200000, 0o600);
}

const closedError = nativeError(4, 'the connection was closed');
const unused = (): never => {
  throw new Error('the agent does not need this');
};

/** The daemons of a node as far as an agent sees them; they outlive its connections. What they do is a test's to say. */
export class FakeBinding implements Binding {
  readonly controlVersion = 1;
  /** Every call in order, e.g. "spawner.fork". */
  readonly calls: string[] = [];
  readonly captures: CaptureOptions[] = [];
  readonly opens: OpenOptions[] = [];
  readonly forks: ForkOptions[] = [];
  readonly runs: RunOptions[] = [];
  readonly kills: { id: string; signal: number }[] = [];
  readonly forgotten: string[] = [];
  /** The spawner's table. */
  records: ChildRecord[] = [];
  pageSize = 1000;
  seedIds: string[] = [];
  fabricPort = 4711;
  onCapture: (options: CaptureOptions) => Promise<void> = () => Promise.resolve();
  onOpen: (options: OpenOptions) => Promise<void> = () => Promise.resolve();
  /** The agent's ends of the control sockets. */
  onFork: (options: ForkOptions) => Promise<number[]> = ({ children }) => Promise.resolve(children.map(() => -1));
  onRun: (options: RunOptions) => Promise<RunReply> = () =>
    Promise.resolve({ hostPid: 500 + this.runs.length, controlFd: -1, controlInode: 0n });
  onForget: (id: string) => Promise<void> = () => Promise.resolve();
  onList: (page: ChildRecord[]) => void = () => undefined;
  onHello: (daemon: 'spawner' | 'pager') => Promise<void> = () => Promise.resolve();
  /** Of the children that a test gave an output of their own. */
  private readonly outputs = new Map<string, { stdoutFd: number; stderrFd: number }>();
  spawnerConnections = 0;
  pagerConnections = 0;
  private spawnerSink: ((events: SpawnerEvent[]) => void) | undefined;
  private pagerSink: ((events: PagerEvent[]) => void) | undefined;

  spawnerEvents(...events: SpawnerEvent[]): void {
    this.spawnerSink?.(events);
  }

  pagerEvents(...events: PagerEvent[]): void {
    this.pagerSink?.(events);
  }

  started(childId: string): SpawnerEvent {
    const times = { requestedAtNs: 1_000_000n, receivedAtNs: 1_100_000n, firstInstructionNs: 1_500_000n };
    const output = this.outputs.get(childId) ?? { stdoutFd: -1, stderrFd: -1 };
    return { type: 'childStarted', childId, seedId: 'seed', pid: 7, hostPid: 1007, ...times, ...output };
  }

  /** What this child writes to, as the spawner would hold it; before its start. */
  makeOutput(childId: string): { stdoutFd: number; stderrFd: number } {
    const made = { stdoutFd: openNameless(), stderrFd: openNameless() };
    this.outputs.set(childId, made);
    return made;
  }

  closeOutputs(): void {
    for (const { stdoutFd, stderrFd } of this.outputs.values()) for (const fd of [stdoutFd, stderrFd]) closeSync(fd);
    this.outputs.clear();
  }

  failed(childId: string, error = nativeError(1)): SpawnerEvent {
    return { type: 'childFailed', childId, seedId: 'seed', error };
  }

  exited(childId: string, exitCode = 0, signal = 0, error: NativeError | null = null): SpawnerEvent {
    return { type: 'childExited', childId, exitCode, signal, error };
  }

  record(id: string, fields: Partial<ChildRecord> = {}): ChildRecord {
    const ended = { exited: false, exitCode: 0, signal: 0, stdoutFd: -1, stderrFd: -1 };
    return { id, seedId: 'seed', pid: 7, hostPid: 1007, startedAtUnixMs: 5, ...ended, ...fields };
  }

  capture(options: CaptureOptions): Promise<Capture> {
    this.captures.push(options);
    this.calls.push('capture');
    const costs = { pauseUs: 900, forkUs: 700, sharedCopyUs: 0, threadCount: 3, vmaCount: 40, descriptorBytes: 4096 };
    const release = (): void => void this.calls.push('release');
    return this.onCapture(options).then(() => ({ pid: options.pid, ...costs, hasControl: true, release }));
  }

  async connectSpawner(_path: string, onEvent: (events: SpawnerEvent[]) => void): Promise<SpawnerConnection> {
    await Promise.resolve();
    this.spawnerConnections += 1;
    this.spawnerSink = onEvent;
    const call = this.caller('spawner', () => this.spawnerSink === onEvent);
    const close = (): void => {
      this.calls.push('spawner.close');
      if (this.spawnerSink === onEvent) this.spawnerSink = undefined;
    };
    return {
      hello: () =>
        call('hello', async () => {
          await this.onHello('spawner');
          return { pid: process.pid, pagerPid: 12, readyCells: 4 };
        }),
      configurePool: () => call('configurePool', () => undefined),
      fork: (options) =>
        call('fork', () => {
          this.forks.push(options);
          return this.onFork(options);
        }),
      run: (options) =>
        call('run', () => {
          this.runs.push(options);
          return this.onRun(options);
        }),
      kill: (id, signal) => call('kill', () => void this.kills.push({ id, signal })),
      listChildren: (afterId) =>
        call('listChildren', () => {
          const rest = this.records.filter(({ id }) => id > afterId).sort((a, b) => (a.id < b.id ? -1 : 1));
          const children = rest.slice(0, this.pageSize);
          this.onList(children);
          return { children, more: rest.length > children.length };
        }),
      forgetChild: (id) =>
        call('forgetChild', async () => {
          await this.onForget(id);
          this.forgotten.push(id);
        }),
      shutdown: () => call('shutdown', () => undefined),
      close,
    };
  }

  async connectPager(_path: string, onEvent: (events: PagerEvent[]) => void): Promise<PagerConnection> {
    await Promise.resolve();
    this.pagerConnections += 1;
    this.pagerSink = onEvent;
    const call = this.caller('pager', () => this.pagerSink === onEvent);
    const close = (): void => {
      this.calls.push('pager.close');
      if (this.pagerSink === onEvent) this.pagerSink = undefined;
    };
    const reply = { layoutPages: 100, descriptorBytes: 4096, elapsedUs: 50, wasOpen: false };
    return {
      hello: () =>
        call('hello', async () => {
          await this.onHello('pager');
          return { pid: 12, fabricHost: '10.0.0.1', fabricPort: this.fabricPort, seedIds: this.seedIds };
        }),
      importSeed: () => call('importSeed', () => reply),
      openSeed: (options) =>
        call('openSeed', async () => {
          this.opens.push(options);
          await this.onOpen(options);
          return reply;
        }),
      setLease: () => call('setLease', () => undefined),
      reclaimSeed: () => call('reclaimSeed', () => undefined),
      seedStats: unused,
      childStats: unused,
      shutdown: () => call('shutdown', () => undefined),
      close,
    };
  }

  fabricRead = unused;
  reseedOpenssl = unused;
  probe = unused;

  private caller(daemon: string, isOpen: () => boolean) {
    return async <T>(name: string, answer: () => T | Promise<T>): Promise<T> => {
      this.calls.push(`${daemon}.${name}`);
      if (!isOpen()) return refuse(closedError);
      return answer();
    };
  }
}
