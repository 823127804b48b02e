// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:net';
import type { Command } from 'commander';
import { type CommonOptions, contextOf, makeCommand } from '../common.js';
import { parseCount } from '../duration.js';
import { checkEndpoint, DEFAULT_ENDPOINT } from '../settings.js';
import { stopSignal } from '../stop-signal.js';
import { UsageError } from '../usage-error.js';

interface Options extends CommonOptions {
  nodes: string;
  stateDir?: string;
  endpoint?: string;
  readyCells: string;
  privateNetwork?: boolean;
}

/** How many ports after the default one are tried. */
const PORTS_TRIED = 50;

export function upCommand(): Command {
  return makeCommand('up', 'an embedded cluster that stays; Ctrl-C tears everything down', [
    'farfork up',
    'farfork up --nodes 5 --endpoint 127.0.0.1:7171',
  ])
    .option('--nodes <nodes>', 'how many nodes, each in a network namespace of its own', '3')
    .option('--state-dir <folder>', 'keep its state here (else a temporary folder, removed at the end)')
    .option('--endpoint <address>', `HOST:PORT to serve (default: ${DEFAULT_ENDPOINT}, or the next free port)`)
    .option('--ready-cells <cells>', 'cells made ahead on each node', '8')
    .option('--private-network', 'give each cell a network namespace of its own')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { output, timeoutMs } = contextOf(options);
  const nodes = parseCount(options.nodes, '--nodes', 1, 200);
  const readyCells = parseCount(options.readyCells, '--ready-cells', 0, 4096);
  const listen = options.endpoint === undefined ? await nextFree(DEFAULT_ENDPOINT) : checkEndpoint(options.endpoint);
  const stop = stopSignal();
  const { startEmbedded } = await import('../../embedded/index.js');
  const cluster = await startEmbedded({
    nodes,
    listen,
    readyCells,
    privateNetwork: options.privateNetwork ?? false,
    ...(options.stateDir === undefined ? {} : { stateDir: options.stateDir }),
    ...(timeoutMs === undefined ? {} : { startTimeoutMs: timeoutMs }),
  });
  const { endpoint } = cluster;
  output.item(
    { endpoint, nodes: cluster.nodeNames, stateDir: cluster.stateDir.path, pid: process.pid },
    () => endpoint,
  );
  output.log(`${nodes} nodes are up. In another terminal: export FARFORK_ENDPOINT=${endpoint}; Ctrl-C ends them.`);
  output.log(`${await stop}: stopping`);
  await cluster.close();
}

/** `endpoint` with the first port from its own on that nobody listens at. */
export async function nextFree(endpoint: string): Promise<string> {
  const at = endpoint.lastIndexOf(':');
  const host = endpoint.slice(0, at);
  const first = Number(endpoint.slice(at + 1));
  for (let port = first; port < first + PORTS_TRIED; port += 1) {
    if (await isFree(host, port)) return `${host}:${port}`;
  }
  throw new UsageError(`no port from ${first} on is free at ${host}; choose one with --endpoint`);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
