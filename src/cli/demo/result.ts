// SPDX-License-Identifier: Apache-2.0
import type { NodeSeedStats, Seed } from '../../sdk/typescript/client.js';
import { sum } from '../statistics.js';
import type { ChildResult } from './fork-children.js';
import type { LocalWork, Query } from './local-work.js';

export interface DemoChild extends ChildResult {
  query: Query;
  expected: unknown;
  /** True: the answer equals the cold run's. */
  right: boolean;
  /** Bytes of memory that are its own: copied and zero-filled pages, and its share of libraries. */
  ownBytes: number;
}

/** Everything that the demo measured; the reports say it in words. */
export interface DemoResult {
  startMs: number;
  warmMs: number;
  seed: Seed;
  parentBytes: number;
  /** All forked at once, on nodes that had nothing of the seed. */
  children: DemoChild[];
  /** Forked one by one after these. */
  later: DemoChild[];
  stats: NodeSeedStats[];
  local: LocalWork;
}

/** What the children and the nodes' images take together. */
export function memoryUsed(result: DemoResult): number {
  const images = result.stats.filter((node) => node.node !== result.seed.node).map((node) => node.imageResidentBytes);
  return sum(images) + sum(result.children.map((child) => child.ownBytes));
}
