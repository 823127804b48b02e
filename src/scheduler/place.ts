// SPDX-License-Identifier: Apache-2.0
import { Heap } from './heap.js';
import type { NodeView, Placement, PlacementErrorCode, PlacementRequest, Snapshot } from './types.js';

/** A node with less is not chosen by spreading. */
export const minimumMemoryBytes = 64 * 2 ** 20;
/** Memory counts in steps, so that nodes that are alike tie, and the open seed decides. */
const memoryStepBytes = 2 ** 30;

interface Candidate {
  name: string;
  children: number;
  memorySteps: number;
  open: boolean;
}

/**
 * Chooses a node for each child of a request. Pinned: round robin over the named nodes. Otherwise each child goes to the
 * node with the fewest children, then the most memory, then where the seed is open, then by name. Draining and lost nodes
 * take none. Pure: the same input gives the same answer.
 */
export function place(snapshot: Snapshot, request: PlacementRequest): Placement {
  return request.nodes.length > 0 ? pin(snapshot, request) : spread(snapshot, request);
}

function refuse(code: PlacementErrorCode, object: string, detail: string): Placement {
  return { ok: false, code, object, detail };
}

function pin(snapshot: Snapshot, request: PlacementRequest): Placement {
  const known = new Map(snapshot.nodes.map((node) => [node.name, node]));
  for (const name of request.nodes) {
    const node = known.get(name);
    if (!node) return refuse('NODE_NOT_FOUND', name, 'the cluster has no such node');
    if (node.state === 'draining') return refuse('NODE_DRAINING', name, 'it is being drained');
    if (node.state === 'lost') return refuse('NODE_UNAVAILABLE', name, 'its agent is not connected');
  }
  const nodes = Array.from({ length: request.count }, (_, index) => request.nodes[index % request.nodes.length] ?? '');
  return { ok: true, nodes };
}

function spread(snapshot: Snapshot, request: PlacementRequest): Placement {
  const ready = snapshot.nodes.filter((node) => node.state === 'ready');
  if (ready.length === 0) return refuse('NO_CAPACITY', `${request.count} children`, describe(snapshot.nodes));
  const roomy = ready.filter((node) => node.memoryAvailableBytes >= minimumMemoryBytes);
  if (roomy.length === 0)
    return refuse('NO_CAPACITY', `${request.count} children`, 'every ready node is out of memory');
  const heap = new Heap<Candidate>(
    roomy.map((node) => candidateOf(node, request.openOn)),
    isBetter,
  );
  const nodes: string[] = [];
  for (let index = 0; index < request.count; index += 1) {
    const best = heap.top;
    nodes.push(best.name);
    best.children += 1;
    heap.settleTop();
  }
  return { ok: true, nodes };
}

function candidateOf(node: NodeView, openOn: ReadonlySet<string>): Candidate {
  return {
    name: node.name,
    children: node.children,
    memorySteps: Math.floor(node.memoryAvailableBytes / memoryStepBytes),
    open: openOn.has(node.name),
  };
}

function isBetter(left: Candidate, right: Candidate): boolean {
  if (left.children !== right.children) return left.children < right.children;
  if (left.memorySteps !== right.memorySteps) return left.memorySteps > right.memorySteps;
  if (left.open !== right.open) return left.open;
  return left.name < right.name;
}

function describe(nodes: NodeView[]): string {
  if (nodes.length === 0) return 'the cluster has no nodes';
  const draining = nodes.filter((node) => node.state === 'draining').length;
  return `of ${nodes.length} nodes ${draining} are draining and ${nodes.length - draining} are lost`;
}
