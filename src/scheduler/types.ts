// SPDX-License-Identifier: Apache-2.0
/** What placement sees of the cluster. */
export interface NodeView {
  name: string;
  state: 'ready' | 'draining' | 'lost';
  /** Living ones and those being started. */
  children: number;
  memoryAvailableBytes: number;
}

export interface Snapshot {
  nodes: NodeView[];
}

export interface PlacementRequest {
  count: number;
  /** Pinned, round robin; empty: spread. */
  nodes: string[];
  /** Nodes where the seed is open already. */
  openOn: ReadonlySet<string>;
}

export type PlacementErrorCode = 'NODE_NOT_FOUND' | 'NODE_DRAINING' | 'NODE_UNAVAILABLE' | 'NO_CAPACITY';

/** The node of each child, in the order of their indexes; or why there is none. */
export type Placement =
  { ok: true; nodes: string[] } | { ok: false; code: PlacementErrorCode; object: string; detail: string };
