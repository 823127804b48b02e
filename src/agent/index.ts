// SPDX-License-Identifier: Apache-2.0
/** The node daemon: carries out the coordinator's commands through the pager and the spawner, which outlive it. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { FarforkError, fromNative } from '../errors/index.js';
import { Logger } from '../log/index.js';
import {
  type Binding,
  type ChildRecord,
  loadBinding,
  type PagerConnection,
  type PagerEvent,
  type SpawnerConnection,
  type SpawnerEvent,
} from '../native/index.js';
import type { AgentEvent, AgentMessage, Command, Init, Node } from '../proto/index.js';
import { ChildTable } from './children.js';
import { execute, type Rooms } from './commands.js';
import { Daemons } from './daemons.js';
import { Forgetter } from './forgetter.js';
import { CoordinatorLink } from './link.js';
import { nodeFacts } from './node-facts.js';
import { ParentTable } from './parents.js';
import { Reconnecting } from './reconnecting.js';
import { SeedTable } from './seeds.js';

export interface AgentOptions {
  /** The node's name in the cluster. */
  name: string;
  /** HOST:PORT or unix:/PATH of the coordinator. */
  coordinator: string;
  stateDir: string;
  /** The address at which other nodes' pagers reach this one. */
  fabricHost: string;
  /** 0: any. */
  fabricPort: number;
  readyCells: number;
  privateNetwork: boolean;
  /** Pager and spawner end when this process does; without it they stay until they are stopped. */
  ownerPid?: number;
  /** Tests: another door than the addon. */
  binding?: Binding;
  log?: Logger;
}

export interface Agent {
  /** Ends the agent only: children, pager and spawner go on, and a new agent finds them. */
  close(): Promise<void>;
}

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Starts an agent; resolves once its daemons run. It keeps trying to reach the coordinator. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
  const agent = new NodeAgent(options);
  try {
    await agent.start();
  } catch (error) {
    await agent.close();
    throw error;
  }
  return agent;
}

const sigkill = 9;
const secondLookMs = 1000;

async function allChildren(spawner: SpawnerConnection): Promise<ChildRecord[]> {
  const records: ChildRecord[] = [];
  for (;;) {
    const page = await spawner.listChildren(records.at(-1)?.id ?? '');
    records.push(...page.children);
    if (!page.more || page.children.length === 0) return records;
  }
}

class NodeAgent implements Agent {
  private readonly log: Logger;
  private readonly spawner: Reconnecting<SpawnerConnection, SpawnerEvent>;
  private readonly pager: Reconnecting<PagerConnection, PagerEvent>;
  private readonly seeds: SeedTable;
  private readonly children: ChildTable;
  private readonly parents: ParentTable;
  private readonly forgetter: Forgetter;
  private readonly link: CoordinatorLink;
  private secondLook: NodeJS.Timeout | undefined;
  private daemonPids = { pagerPid: 0, spawnerPid: 0 };
  private fabric = { fabricHost: '', fabricPort: 0 };

  constructor(private readonly options: AgentOptions) {
    this.log = options.log ?? new Logger('agent', {}, { node: options.name });
    const binding = options.binding ?? loadBinding();
    const daemons = new Daemons(binding, options, this.log);
    this.spawner = new Reconnecting<SpawnerConnection, SpawnerEvent>(
      {
        name: 'spawner',
        connect: (onEvents) => daemons.spawner(onEvents),
        adopt: (spawner) => this.adoptSpawner(spawner),
        onEvents: (events) => this.children.onEvents(this.parents.onEvents(events)),
        onLost: () => this.spawnerLost(),
      },
      this.log,
    );
    this.pager = new Reconnecting<PagerConnection, PagerEvent>(
      {
        name: 'pager',
        connect: (onEvents) => daemons.pager(onEvents),
        adopt: (pager) => this.adoptPager(pager),
        onEvents: (events) => this.onPager(events),
        // Its seeds are gone with it; the spawner stops the children that depended on it.
        onLost: () => this.emit([{ pagerLost: { seedIds: this.seeds.drop() } }]),
      },
      this.log,
    );
    const spawner = (): Promise<SpawnerConnection> => this.spawner.get();
    this.link = this.makeLink();
    this.forgetter = new Forgetter(spawner, () => this.link.isReady);
    const forget = (id: string): void => {
      this.forgetter.add(id);
    };
    this.seeds = new SeedTable(binding, options.name, () => this.pager.get());
    this.children = new ChildTable({
      node: options.name,
      folder: join(options.stateDir, 'children'),
      spawner,
      spawnerPid: () => this.daemonPids.spawnerPid,
      forget,
      reopen: (command) => this.seeds.openAgain(command),
      emit: (events) => {
        this.emit(events.map((fork) => ({ fork })));
      },
    });
    this.parents = new ParentTable({
      node: options.name,
      folder: join(options.stateDir, 'parents'),
      spawner,
      reported: forget,
      seedWanted: (seedWanted) => {
        // Without a link: when there is one again, all that still wait are asked about.
        if (this.link.isReady) this.emit([{ seedWanted }]);
      },
      exited: (name, exitCode) => {
        this.emit([{ parentExited: { name, exitCode } }]);
      },
    });
  }

  async start(): Promise<void> {
    // The pager registers with the spawner, so the spawner comes first.
    await this.spawner.get();
    await this.pager.get();
    this.link.start();
  }

  async close(): Promise<void> {
    clearTimeout(this.secondLook);
    await this.link.close();
    this.forgetter.close();
    this.children.close();
    this.parents.close();
    await Promise.all([this.spawner.close(), this.pager.close()]);
  }

  private makeLink(): CoordinatorLink {
    return new CoordinatorLink(
      this.options.coordinator,
      {
        register: () => ({ register: this.registration() }),
        heartbeat: () => ({ heartbeat: { node: this.node() } }),
        registered: () => {
          this.log.info('registered with the coordinator');
          this.parents.renewWishes();
        },
        command: (command) => {
          this.onCommand(command);
        },
      },
      this.log,
    );
  }

  private emit(events: Init<AgentEvent>[]): void {
    this.link.emit(events);
  }

  private async adoptSpawner(spawner: SpawnerConnection): Promise<void> {
    const info = await spawner.hello();
    this.daemonPids.spawnerPid = info.pid;
    const records = await allChildren(spawner);
    this.parents.adopt(records, (id) => void spawner.kill(id, sigkill).catch(() => undefined));
    this.children.adopt(records);
    if (this.children.count > 0) this.lookAgain(spawner);
  }

  /** A child whose exit an earlier agent was told of is listed as ended only once its cell has ended too. */
  private lookAgain(spawner: SpawnerConnection): void {
    clearTimeout(this.secondLook);
    this.secondLook = setTimeout(() => {
      allChildren(spawner).then(
        (records) => this.children.settle(records),
        () => undefined, // it is gone, and its children with it
      );
    }, secondLookMs);
  }

  private async adoptPager(pager: PagerConnection): Promise<void> {
    const info = await pager.hello();
    this.daemonPids.pagerPid = info.pid;
    this.fabric = { fabricHost: info.fabricHost, fabricPort: info.fabricPort };
    this.seeds.adopt(info.seedIds);
    // A new pager listens on a new port: no fork may be sent to the old one until the next heartbeat.
    this.link.beat();
  }

  private node(): Init<Node> {
    return {
      name: this.options.name,
      state: 'ready',
      children: this.children.count,
      version,
      fabric: 'tcp',
      lastSeenUnixMs: Date.now(),
      ...this.fabric,
      ...this.daemonPids,
      ...nodeFacts(),
    };
  }

  private registration(): Init<NonNullable<AgentMessage['register']>> {
    return {
      node: this.node(),
      children: this.children.list(),
      parents: this.parents.list(),
      seedIds: this.seeds.ids(),
    };
  }

  private onCommand(command: Command): void {
    const receivedAtNs = process.hrtime.bigint();
    void execute(command, this.rooms, receivedAtNs).then((result) => {
      // Who forks waits for the children's events, which may be there in a moment.
      if (command.fork) this.link.answerSoon({ result });
      else this.link.answer({ result });
    });
  }

  private onPager(events: PagerEvent[]): void {
    for (const event of events) {
      if (event.type === 'seedStaged') {
        const { seedId, stagingUs, bytes } = event;
        this.emit([{ seedStaged: { seedId, stagingUs, bytes } }]);
      } else if (event.type === 'seedFailed') {
        this.seeds.forget(event.seedId);
        this.emit([{ seedFailed: { seedId: event.seedId, error: fromNative(event.error).toDetail() } }]);
      }
    }
  }

  private spawnerLost(): void {
    const object = `node ${this.options.name}`;
    this.children.lostAll(new FarforkError('SPAWNER_LOST', 'agent.spawner', object, 'its connection closed'));
    this.parents.lostAll();
    this.forgetter.clear();
  }

  private get rooms(): Rooms {
    return { seeds: this.seeds, children: this.children, parents: this.parents };
  }
}
