// SPDX-License-Identifier: Apache-2.0
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readlinkSync } from 'node:fs';
import { FarforkError } from '../errors/index.js';

/** Of the shared address space (RFC 6598); it exists inside the cluster's own namespaces only. */
const SUBNET = '100.64.77';
const START_TIMEOUT_MS = 5000;

/**
 * One network namespace a node, and one for the bridge that joins them with veth pairs. None has a name or a process of
 * its own: open descriptors of this process keep them, so they end with it however it ends.
 */
export class ClusterNetwork {
  private constructor(
    private readonly switchFd: number,
    private readonly nodeFds: number[],
  ) {}

  static async create(nodes: number): Promise<ClusterNetwork> {
    const fds: number[] = [];
    try {
      for (let count = 0; count <= nodes; count += 1) fds.push(await unnamedNamespace());
      const [switchFd = -1, ...nodeFds] = fds;
      const network = new ClusterNetwork(switchFd, nodeFds);
      network.connect();
      return network;
    } catch (error) {
      for (const fd of fds) closeSync(fd);
      throw error;
    }
  }

  /** For `nsenter --net=`. Valid while this process lives. */
  path(node: number): string {
    return pathOf(this.nodeFds[node] ?? -1);
  }

  address(node: number): string {
    return `${SUBNET}.${node + 1}`;
  }

  /** Descriptors of all namespaces, for a process that has to outlive this one. */
  descriptors(): number[] {
    return [this.switchFd, ...this.nodeFds];
  }

  /** What readlink(/proc/PID/ns/net) gives in each. */
  identities(): string[] {
    return this.descriptors().map((fd) => readlinkSync(pathOf(fd)));
  }

  close(): void {
    for (const fd of this.descriptors()) closeSync(fd);
  }

  private connect(): void {
    const ports = this.nodeFds.flatMap((fd, node) => [
      `link add node${node + 1} type veth peer name fabric0 netns ${pathOf(fd)}`,
      `link set node${node + 1} master switch0 up`,
    ]);
    configure(this.switchFd, ['link add switch0 type bridge', 'link set switch0 up', ...ports]);
    this.nodeFds.forEach((fd, node) => {
      configure(fd, ['link set lo up', `address add ${this.address(node)}/24 dev fabric0`, 'link set fabric0 up']);
    });
  }
}

function pathOf(fd: number): string {
  return `/proc/${process.pid}/fd/${fd}`;
}

async function unnamedNamespace(): Promise<number> {
  const holder = spawn('unshare', ['--net', '--', 'sh', '-c', 'echo ready; exec cat'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let complaint = '';
  holder.stderr.on('data', (data: Buffer) => (complaint += data.toString()));
  const ended = new Promise<void>((resolve) => holder.once('close', () => resolve()));
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(missing('unshare --net did not answer in time')), START_TIMEOUT_MS);
      holder.once('error', (error) => reject(missing(`cannot run unshare: ${error.message}`)));
      holder.once('close', () => reject(missing(complaint.trim())));
      holder.stdout.once('data', () => resolve());
      const done = (): void => clearTimeout(timer);
      holder.stdout.once('data', done);
      holder.once('close', done);
      holder.once('error', done);
    });
    return openSync(`/proc/${holder.pid}/ns/net`, 'r');
  } finally {
    holder.stdin.destroy();
    if (holder.pid !== undefined) await ended;
  }
}

function configure(namespaceFd: number, commands: string[]): void {
  const result = spawnSync('nsenter', [`--net=${pathOf(namespaceFd)}`, 'ip', '-batch', '-'], {
    input: `${commands.join('\n')}\n`,
    encoding: 'utf8',
    timeout: START_TIMEOUT_MS,
  });
  if (result.error || result.status !== 0) {
    throw missing(result.error?.message ?? result.stderr.trim());
  }
}

function missing(seen: string): FarforkError {
  return new FarforkError('CAPABILITY_MISSING', 'embedded.network', 'unshare, nsenter, ip', seen);
}
