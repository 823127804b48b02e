// SPDX-License-Identifier: Apache-2.0
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Coordinator, startCoordinator } from '../coordinator/index.js';
import { FarforkError } from '../errors/index.js';
import { Logger } from '../log/index.js';
import { type Client, connect, type Node } from '../sdk/typescript/client.js';
import { AgentProcess, type AgentSpec } from './agent-process.js';
import { type Janitor, processesIn, startJanitor } from './janitor.js';
import { ClusterNetwork } from './network.js';
import { makeStateDir, type StateDir } from './state-dir.js';

export interface EmbeddedOptions {
  nodes: number;
  /** Kept; without it a temporary folder is removed with the cluster. */
  stateDir?: string;
  /** HOST:PORT of a TCP endpoint beside the unix socket; port 0: any. */
  listen?: string;
  /** Cells made ahead on each node. */
  readyCells?: number;
  /** Each cell gets a network namespace of its own. */
  privateNetwork?: boolean;
  startTimeoutMs?: number;
}

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 3000;
/** For daemons to leave by themselves. */
const GRACE_MS = 1500;
const POLL_MS = 15;

/**
 * A coordinator in this process, and an agent with its daemons in a network namespace a node. Everything ends with this
 * process, even by SIGKILL.
 */
export class EmbeddedCluster {
  private readonly agents: AgentProcess[] = [];
  private closing: Promise<void> | undefined;

  private constructor(
    readonly stateDir: StateDir,
    private readonly options: EmbeddedOptions,
    private readonly network: ClusterNetwork,
    private readonly janitor: Janitor,
    private readonly coordinator: Coordinator,
    readonly client: Client,
  ) {}

  static async start(options: EmbeddedOptions): Promise<EmbeddedCluster> {
    const stateDir = makeStateDir(options.stateDir);
    const undo: (() => unknown)[] = [];
    if (stateDir.temporary) undo.push(() => rmSync(stateDir.path, { recursive: true, force: true }));
    try {
      const network = await ClusterNetwork.create(options.nodes);
      undo.push(() => network.close());
      const removed = stateDir.temporary ? stateDir.path : undefined;
      const janitor = startJanitor(network.descriptors(), network.identities(), removed);
      undo.push(() => janitor.finish());
      const listen = [socketOf(stateDir), ...(options.listen === undefined ? [] : [options.listen])];
      const log = new Logger('coordinator', { json: true, write: appendTo(join(stateDir.path, 'coordinator.log')) });
      const coordinator = await startCoordinator({ listen, stateDir: join(stateDir.path, 'coordinator'), log });
      undo.push(() => coordinator.close());
      const client = await connect(socketOf(stateDir));
      undo.push(() => client.close());
      const cluster = new EmbeddedCluster(stateDir, options, network, janitor, coordinator, client);
      undo.push(() => cluster.stopAgents());
      await cluster.startAgents();
      return cluster;
    } catch (error) {
      for (const step of undo.reverse()) await step();
      throw error;
    }
  }

  /** Where clients reach it: the TCP endpoint when there is one. */
  get endpoint(): string {
    return this.coordinator.endpoints.at(-1) ?? socketOf(this.stateDir);
  }

  /** node1, node2, ... */
  get nodeNames(): string[] {
    return Array.from({ length: this.options.nodes }, (_, index) => nodeName(index));
  }

  async node(name: string): Promise<Node> {
    const node = (await this.client.listNodes()).find((candidate) => candidate.name === name);
    if (!node) throw new FarforkError('NODE_NOT_FOUND', 'embedded', name, 'the cluster has no such node');
    return node;
  }

  /** Ends a node's agent; its pager, spawner, parents and children go on. */
  async killAgent(name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.agents[this.indexOf(name)]?.stop(signal, STOP_TIMEOUT_MS);
  }

  /** Starts a new agent in a node's namespace and waits until the coordinator has it. */
  async startAgent(name: string): Promise<void> {
    const index = this.indexOf(name);
    const agent = AgentProcess.start(this.specOf(index));
    this.agents[index] = agent;
    await this.waitReady([agent]);
  }

  /** Ends everything, in a bounded time. Safe to call twice. */
  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  private async closeOnce(): Promise<void> {
    await this.stopAgents();
    this.client.close();
    await this.coordinator.close();
    await this.endProcesses();
    await this.janitor.finish();
    this.network.close();
  }

  /** What still runs in the namespaces: daemons, and the parents and children below them. */
  private async endProcesses(): Promise<void> {
    const deadline = Date.now() + GRACE_MS;
    const identities = this.network.identities();
    for (const pid of processesIn(identities)) signalQuietly(pid, 'SIGTERM');
    while (processesIn(identities).length > 0 && Date.now() < deadline) await delay(POLL_MS);
    for (const pid of processesIn(identities)) signalQuietly(pid, 'SIGKILL');
  }

  private async startAgents(): Promise<void> {
    for (let index = 0; index < this.options.nodes; index += 1)
      this.agents.push(AgentProcess.start(this.specOf(index)));
    await this.waitReady(this.agents);
  }

  private async stopAgents(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.stop('SIGTERM', STOP_TIMEOUT_MS)));
  }

  private async waitReady(agents: AgentProcess[]): Promise<void> {
    const deadline = Date.now() + (this.options.startTimeoutMs ?? START_TIMEOUT_MS);
    for (;;) {
      const nodes = await this.client.listNodes();
      const isReady = (agent: AgentProcess): boolean =>
        nodes.some((node) => node.name === agent.spec.name && node.agentPid === agent.pid && node.state !== 'lost');
      if (agents.every(isReady)) return;
      for (const agent of agents) {
        if (!agent.running) {
          const said = agent.lastWords();
          throw new FarforkError('NODE_UNAVAILABLE', 'embedded.start', agent.spec.name, `its agent ended: ${said}`);
        }
      }
      if (Date.now() > deadline) {
        const late = agents.filter((agent) => !isReady(agent)).map((agent) => agent.spec.name);
        throw new FarforkError('DEADLINE_EXCEEDED', 'embedded.start', late.join(', '), 'the agents did not register');
      }
      await delay(POLL_MS);
    }
  }

  private specOf(index: number): AgentSpec {
    const name = nodeName(index);
    return {
      name,
      coordinator: socketOf(this.stateDir),
      stateDir: join(this.stateDir.path, name),
      networkNamespace: this.network.path(index),
      fabricHost: this.network.address(index),
      readyCells: this.options.readyCells ?? 8,
      privateNetwork: this.options.privateNetwork ?? false,
    };
  }

  private indexOf(name: string): number {
    const index = this.nodeNames.indexOf(name);
    if (index < 0) throw new FarforkError('NODE_NOT_FOUND', 'embedded', name, 'the cluster has no such node');
    return index;
  }
}

/** Starts a cluster and waits until every node is ready. Rejects with a FarforkError; then nothing is left. */
export function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedCluster> {
  return EmbeddedCluster.start(options);
}

function nodeName(index: number): string {
  return `node${index + 1}`;
}

function socketOf(stateDir: StateDir): string {
  return `unix:${join(stateDir.path, 'coordinator.sock')}`;
}

/** This process's standard error belongs to its user. */
function appendTo(path: string): (line: string) => void {
  return (line) => {
    try {
      appendFileSync(path, line);
    } catch {
      // The folder goes before the last entry when the cluster ends.
    }
  };
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}
