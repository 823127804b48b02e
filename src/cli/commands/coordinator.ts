// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander';
import { type CommonOptions, collect, contextOf, makeCommand } from '../common.js';
import { checkEndpoint, DEFAULT_ENDPOINT } from '../settings.js';
import { stopSignal } from '../stop-signal.js';

interface Options extends CommonOptions {
  listen?: string[];
  stateDir: string;
}

export function coordinatorCommand(): Command {
  return makeCommand('coordinator', 'the control plane of a real cluster; runs until SIGTERM', [
    'farfork coordinator --listen 0.0.0.0:7070 --state-dir /var/lib/farfork/coordinator',
  ])
    .option('--listen <address>', `HOST:PORT or unix:/PATH; repeatable (default: ${DEFAULT_ENDPOINT})`, collect)
    .option('--state-dir <folder>', 'where it keeps its records', '/var/lib/farfork/coordinator')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { output } = contextOf(options);
  const stop = stopSignal();
  const { startCoordinator } = await import('../../coordinator/index.js');
  const listen = (options.listen ?? [DEFAULT_ENDPOINT]).map(checkEndpoint);
  const coordinator = await startCoordinator({ listen, stateDir: options.stateDir });
  for (const endpoint of coordinator.endpoints) output.item({ endpoint }, () => `listening on ${endpoint}`);
  output.log(`${await stop}: stopping`);
  await coordinator.close();
}
