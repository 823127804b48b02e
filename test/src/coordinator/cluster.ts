// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as CoordinatorModule from '../../../dist/coordinator/index.js';
import type { Coordinator, CoordinatorOptions } from '../../../dist/coordinator/index.js';
import type * as LogModule from '../../../dist/log/index.js';
import type * as ClientModule from '../../../dist/sdk/typescript/client.js';
import type { Client } from '../../../dist/sdk/typescript/client.js';
import { built } from '../built.js';
import { FakeAgent } from './fake-agent.js';

const { startCoordinator } = await built<typeof CoordinatorModule>('coordinator/index.js');
const { silentLogger } = await built<typeof LogModule>('log/index.js');
const { connect } = await built<typeof ClientModule>('sdk/typescript/client.js');

/** A coordinator, a client and fake agents; close() ends them and removes their folder. */
export class TestCluster {
  readonly agents: FakeAgent[] = [];
  private readonly undo: (() => unknown)[] = [];

  private constructor(
    readonly folder: string,
    public coordinator: Coordinator,
    public client: Client,
    private readonly options: CoordinatorOptions,
  ) {}

  static async start(options: CoordinatorOptions = {}): Promise<TestCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'farfork-coordinator-'));
    const all = {
      listen: [`unix:${join(folder, 'sock')}`],
      stateDir: join(folder, 'state'),
      log: silentLogger,
      ...options,
    };
    const coordinator = await startCoordinator(all);
    return new TestCluster(folder, coordinator, await connect(coordinator.endpoints[0]!), all);
  }

  get endpoint(): string {
    return this.coordinator.endpoints[0]!;
  }

  async agent(name: string, register: Parameters<FakeAgent['connect']>[0] = {}): Promise<FakeAgent> {
    const agent = new FakeAgent(this.endpoint, name);
    this.agents.push(agent);
    return agent.connect(register);
  }

  /** The same state, in a new coordinator; agents must connect again. */
  async restart(): Promise<void> {
    this.client.close();
    await this.coordinator.close();
    this.coordinator = await startCoordinator(this.options);
    this.client = await connect(this.endpoint);
  }

  /** Runs when the cluster closes. */
  defer(step: () => unknown): void {
    this.undo.push(step);
  }

  async close(): Promise<void> {
    for (const agent of this.agents) agent.close();
    this.client.close();
    await this.coordinator.close();
    for (const step of this.undo) await step();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const refusal = (code: string, object?: string) => (error: unknown) => {
  const seen = error as { code?: string; object?: string; message?: string };
  if (seen.code !== code) throw new Error(`expected ${code}, got ${seen.message}`);
  if (object !== undefined && seen.object !== object) throw new Error(`expected object ${object}, got ${seen.message}`);
  return true;
};

export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of stream) all.push(item);
  return all;
}

/** Looks until it holds; rejects after `limitMs`. For states that nothing announces. */
export async function eventually(condition: () => boolean | Promise<boolean>, limitMs = 5000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
