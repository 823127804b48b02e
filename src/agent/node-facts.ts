// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

import type { Node } from '../proto/index.js';

/** MemAvailable of /proc/meminfo in bytes (proc_meminfo(5)); 0 when it cannot be read. */
function memoryAvailableBytes(): number {
  try {
    const match = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'));
    return Number(match?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** What the machine says of itself, for Register and Heartbeat. */
export function nodeFacts(): Pick<Node, 'cpus' | 'memoryTotalBytes' | 'memoryAvailableBytes' | 'kernel' | 'agentPid'> {
  return {
    cpus: cpus().length,
    memoryTotalBytes: totalmem(),
    memoryAvailableBytes: memoryAvailableBytes(),
    kernel: release(),
    agentPid: process.pid,
  };
}
