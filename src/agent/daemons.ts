// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

import { FarforkError } from '../errors/index.js';
import type { Logger } from '../log/index.js';
import {
  type Binding,
  daemonPaths,
  type PagerConnection,
  type PagerEvent,
  type SpawnerConnection,
  type SpawnerEvent,
} from '../native/index.js';

const probeTimeoutMs = 50;
const startTimeoutMs = 10_000;

export interface DaemonOptions {
  stateDir: string;
  fabricHost: string;
  fabricPort: number;
  readyCells: number;
  privateNetwork: boolean;
  /** The daemons end when this process does. */
  ownerPid?: number;
}

/** Finds the node's spawner and pager by their sockets, or starts them. They outlive the agent. */
export class Daemons {
  constructor(
    private readonly binding: Binding,
    private readonly options: DaemonOptions,
    private readonly log: Logger,
  ) {}

  async spawner(onEvents: (events: SpawnerEvent[]) => void): Promise<SpawnerConnection> {
    const socket = join(this.options.stateDir, 'spawner.sock');
    const connect = (timeoutMs: number): Promise<SpawnerConnection> =>
      this.binding.connectSpawner(socket, onEvents, timeoutMs);
    const connection = await this.findOrStart('spawner', connect, () => this.launch(daemonPaths().spawner, []));
    try {
      await connection.configurePool(this.options.readyCells, this.options.privateNetwork);
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  pager(onEvents: (events: PagerEvent[]) => void): Promise<PagerConnection> {
    const socket = join(this.options.stateDir, 'pager.sock');
    const connect = (timeoutMs: number): Promise<PagerConnection> =>
      this.binding.connectPager(socket, onEvents, timeoutMs);
    const fabric = ['--fabric-host', this.options.fabricHost, '--fabric-port', String(this.options.fabricPort)];
    return this.findOrStart('pager', connect, () => this.launch(daemonPaths().pager, fabric));
  }

  private async findOrStart<T>(name: string, connect: (timeoutMs: number) => Promise<T>, launch: () => Promise<void>) {
    try {
      const found = await connect(probeTimeoutMs);
      this.log.info(`found a running ${name}`);
      return found;
    } catch {
      await launch();
      this.log.info(`started the ${name}`);
      return connect(startTimeoutMs);
    }
  }

  /** Runs a daemon's launcher, which detaches and exits 0 once its socket listens. */
  private async launch(path: string, extra: string[]): Promise<void> {
    const logPath = join(this.options.stateDir, 'daemons.log');
    const log = openSync(logPath, 'a');
    const owner = this.options.ownerPid === undefined ? [] : ['--owner-pid', String(this.options.ownerPid)];
    const child = spawn(path, ['--state-dir', this.options.stateDir, ...owner, ...extra], {
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    const status = await new Promise<string>((resolve) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        resolve(`no answer within ${String(startTimeoutMs)} ms`);
      }, startTimeoutMs);
      const finish = (text: string): void => {
        clearTimeout(timer);
        resolve(text);
      };
      child.once('error', (error) => {
        finish(error.message);
      });
      child.once('exit', (code, signal) => {
        finish(code === 0 ? '' : `exit ${String(code ?? signal)}`);
      });
    });
    if (status) throw new FarforkError('UNAVAILABLE', 'agent.daemons', path, `${status}; see ${logPath}`);
  }
}
