// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander';
import { type CommonOptions, contextOf, makeClientCommand } from '../common.js';
import { parseCount, parseDuration } from '../duration.js';
import { localNode } from '../local-node.js';
import { withClient } from '../session.js';
import { formatBytes, formatMs } from '../table.js';
import { UsageError } from '../usage-error.js';
import { seedView } from '../views.js';

interface Options extends CommonOptions {
  pid?: string;
  node?: string;
  name?: string;
  ttl?: string;
  maxPause?: string;
  waitStaged?: boolean;
}

export function prepareCommand(): Command {
  return makeClientCommand('prepare', 'make a seed of a running process; the process goes on', [
    'farfork prepare --pid 4711 --name warm --ttl 1h',
    'farfork prepare table            # a parent that `farfork run --name table` started',
    'SEED=$(farfork prepare --pid 4711)',
  ])
    .argument('[parent]', 'name of a parent that `farfork run` started')
    .option('--pid <pid>', "any process of the node, by the pid in the machine's own /proc")
    .option(
      '--node <node>',
      'with --pid: the node where the process runs (default: the one whose agent is on this machine)',
    )
    .option('--name <name>', 'a name for the seed')
    .option('--ttl <duration>', "the seed's lease", '10m')
    .option('--max-pause <duration>', 'refuse when the parent would stand still for longer', '1s')
    .option('--wait-staged', 'return once the memory is copied, not before')
    .action(run);
}

async function run(parent: string | undefined, options: Options): Promise<void> {
  const context = contextOf(options);
  if ((parent === undefined) === (options.pid === undefined)) {
    throw new UsageError('name either a parent or a --pid');
  }
  // Linux: PID_MAX_LIMIT is 2^22 (proc_sys_kernel(5)).
  const pid = options.pid === undefined ? undefined : parseCount(options.pid, '--pid', 1, 2 ** 22);
  const request = {
    pid,
    parent,
    name: options.name ?? '',
    ttlMs: parseDuration(options.ttl ?? '10m'),
    maxPauseMs: parseDuration(options.maxPause ?? '1s'),
    waitStaged: options.waitStaged ?? false,
  };
  const seed = await withClient(context, async (client) => {
    const node = options.node ?? (pid === undefined ? undefined : localNode(await client.listNodes()));
    return client.prepare({ ...request, node });
  });
  context.output.item(seedView(seed), () => seed.seedId);
  const size = formatBytes(seed.layoutPages * 4096);
  context.output.log(
    `${seed.name || seed.seedId}: ${size}, ${seed.threads} threads on ${seed.node}; ` +
      `the parent stood still for ${formatMs(seed.pauseUs / 1000)}`,
  );
}
