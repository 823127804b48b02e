// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Node } from '../sdk/typescript/client.js';

/**
 * The node whose agent runs on this machine, so that a pid of this machine means the same there: the first by name, when
 * there are several (an embedded cluster's nodes share their processes). Undefined: none does.
 */
export function localNode(nodes: Node[]): string | undefined {
  const here = nodes.filter((node) => node.state === 'ready' && runsHere(node));
  return here.map((node) => node.name).sort()[0];
}

/** A pid alone could be another machine's: the process must be an agent of this name. */
function runsHere(node: Node): boolean {
  let argv: string[];
  try {
    argv = readFileSync(`/proc/${node.agentPid}/cmdline`, 'utf8').split('\0');
  } catch {
    return false;
  }
  const name = argv.includes('--name') ? argv[argv.indexOf('--name') + 1] : hostname();
  return argv.includes('agent') && name === node.name;
}
