// SPDX-License-Identifier: Apache-2.0
import {
  ChildState,
  type Child,
  type ErrorDetail,
  type NodeSeedStats,
  type Node,
  type Parent,
  type Seed,
} from '../sdk/typescript/client.js';

/** The command line's JSON objects. Their keys are an interface: add, never rename. */

const STATE_NAMES: Record<number, string> = {
  [ChildState.CHILD_STATE_PENDING]: 'pending',
  [ChildState.CHILD_STATE_STARTED]: 'started',
  [ChildState.CHILD_STATE_FAILED]: 'failed',
  [ChildState.CHILD_STATE_EXITED]: 'exited',
  [ChildState.CHILD_STATE_REPLIED]: 'replied',
};

function errorView(error: ErrorDetail | undefined): { error?: ErrorDetail } {
  if (!error?.code) return {};
  const { code, stage, object, detail } = error;
  return { error: { code, stage, object, detail } };
}

export function childView(child: Child) {
  const ended = child.state === ChildState.CHILD_STATE_EXITED;
  return {
    child: child.childId,
    seed: child.seedId,
    node: child.node,
    pid: child.pid,
    hostPid: child.hostPid,
    state: STATE_NAMES[child.state] ?? 'unknown',
    exitCode: ended ? child.exitCode : null,
    resumeMs: child.resumeMs || null,
    ...errorView(child.error),
  };
}

export function statsView(stats: NodeSeedStats) {
  return {
    node: stats.node,
    layoutPages: stats.layoutPages,
    presentPages: stats.presentPages,
    pagesFetched: stats.pagesFetched,
    bytesFetched: stats.bytesFetched,
    pagesServed: stats.pagesServed,
    faults: stats.faults,
    pagesShared: stats.pagesShared,
    pagesCopied: stats.pagesCopied,
    pagesZeroed: stats.pagesZeroed,
    liveChildren: stats.liveChildren,
    imageResidentBytes: stats.imageResidentBytes,
  };
}

export function seedView(seed: Seed) {
  return {
    seed: seed.seedId,
    name: seed.name,
    node: seed.node,
    state: seed.state,
    leaseEpoch: seed.leaseEpoch,
    expiresUnixMs: seed.expiresUnixMs,
    createdUnixMs: seed.createdUnixMs,
    parentPid: seed.parentPid,
    threads: seed.threads,
    vmas: seed.vmas,
    layoutPages: seed.layoutPages,
    descriptorBytes: seed.descriptorBytes,
    pauseUs: seed.pauseUs,
    forkUs: seed.forkUs,
    sharedCopyUs: seed.sharedCopyUs,
    stagingUs: seed.stagingUs || null,
    hasControl: seed.hasControl,
    openNodes: seed.openNodes,
    ...(seed.stats.length > 0 ? { stats: seed.stats.map(statsView) } : {}),
    ...(seed.key ? { key: seed.key } : {}),
    ...errorView(seed.error),
  };
}

export function parentView(parent: Parent) {
  return {
    parent: parent.name,
    node: parent.node,
    hostPid: parent.hostPid,
    state: parent.state,
    exitCode: parent.state === 'exited' ? parent.exitCode : null,
    seed: parent.seedId || null,
    hasControl: parent.hasControl,
    startedUnixMs: parent.startedUnixMs,
  };
}

export function nodeView(node: Node) {
  return {
    node: node.name,
    state: node.state,
    fabric: node.fabric,
    fabricHost: node.fabricHost,
    fabricPort: node.fabricPort,
    children: node.children,
    cpus: node.cpus,
    memoryTotalBytes: node.memoryTotalBytes,
    memoryAvailableBytes: node.memoryAvailableBytes,
    kernel: node.kernel,
    version: node.version,
    agentPid: node.agentPid,
    pagerPid: node.pagerPid,
    spawnerPid: node.spawnerPid,
  };
}
