// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { type ChildLogsRequest, type ChildLogsResponse, ChildState, type Init } from '../proto/index.js';
import type { Cluster } from './cluster.js';
import type { CallContext, Outlet } from './rpc.js';

const chunkBytes = 256 * 1024;
const readMs = 10_000;
const pollMs = 150;

/** What the child wrote so far to descriptors 1 and 2; with `follow`, all until it ended. */
export async function childLogs(
  cluster: Cluster,
  request: ChildLogsRequest,
  outlet: Outlet<Init<ChildLogsResponse>>,
  context: CallContext,
): Promise<void> {
  const entry = cluster.children.get(request.childId);
  const { node, childId } = entry.child;
  const offsets = new Map([
    [1, 0],
    [2, 0],
  ]);
  for (;;) {
    // Read before: what it wrote until its end is then in the files.
    const hasEnded = entry.child.state >= ChildState.CHILD_STATE_FAILED;
    let read = 0;
    let isMoreLeft = false;
    for (const [fd, offset] of offsets) {
      const command = { readLogs: { childId, fd, offset, maxBytes: chunkBytes } };
      const { logs } = await cluster.nodes.send(node, command, readMs);
      if (!logs?.data.length) continue;
      context.signal.throwIfAborted();
      outlet.write({ data: logs.data, fd });
      offsets.set(fd, logs.offset + logs.data.length);
      read += logs.data.length;
      isMoreLeft ||= logs.data.length >= chunkBytes;
      await outlet.ready();
    }
    context.signal.throwIfAborted();
    // A child that writes all the time would never be read to its end.
    if (request.follow ? read > 0 : isMoreLeft) continue;
    if (hasEnded || !request.follow) return;
    await delay(pollMs, undefined, { signal: context.signal });
  }
}
