// SPDX-License-Identifier: Apache-2.0
import { hostname } from 'node:os';
import type { Command } from 'commander';
import { type CommonOptions, contextOf, makeCommand } from '../common.js';
import { parseCount } from '../duration.js';
import { resolveEndpoint } from '../settings.js';
import { stopSignal } from '../stop-signal.js';

interface Options extends CommonOptions {
  name?: string;
  coordinator?: string;
  config?: string;
  stateDir: string;
  fabricHost?: string;
  fabricPort: string;
  readyCells: string;
  privateNetwork?: boolean;
  ownerPid?: string;
}

export function agentCommand(): Command {
  return makeCommand('agent', "a machine's daemon; starts the pager and the spawner, or finds those that run", [
    'farfork agent --coordinator 10.0.0.1:7070 --fabric-host 10.0.0.2',
  ])
    .option('--name <node>', 'name of this node (default: the host name)')
    .option('--coordinator <address>', 'HOST:PORT or unix:/PATH (else FARFORK_ENDPOINT, then the configuration file)')
    .option('--config <file>', 'the configuration file (else FARFORK_CONFIG, ~/.config/farfork.json)')
    .option('--state-dir <folder>', 'sockets and logs of this node', '/var/lib/farfork/agent')
    .requiredOption('--fabric-host <address>', 'the address at which the other nodes reach this one for pages')
    .option('--fabric-port <port>', 'its port; 0: any', '0')
    .option('--ready-cells <cells>', 'cells made ahead of need', '8')
    .option('--private-network', 'give each cell a network namespace of its own')
    .option('--owner-pid <pid>', 'the daemons end when this process does (embedded clusters)')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { output } = contextOf(options);
  const stop = stopSignal();
  const { startAgent } = await import('../../agent/index.js');
  const agent = await startAgent({
    name: options.name ?? hostname(),
    coordinator: resolveEndpoint(options.coordinator, options.config),
    stateDir: options.stateDir,
    fabricHost: options.fabricHost ?? '',
    fabricPort: parseCount(options.fabricPort, '--fabric-port', 0, 65535),
    readyCells: parseCount(options.readyCells, '--ready-cells', 0, 4096),
    privateNetwork: options.privateNetwork ?? false,
    ...(options.ownerPid === undefined ? {} : { ownerPid: parseCount(options.ownerPid, '--owner-pid', 1, 2 ** 22) }),
  });
  output.log(`agent ${options.name ?? hostname()} is up`);
  output.log(`${await stop}: stopping`);
  await agent.close();
}
