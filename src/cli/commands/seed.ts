// SPDX-License-Identifier: Apache-2.0
import { Command } from 'commander';
import { type CommonOptions, contextOf, makeClientCommand } from '../common.js';
import { parseDuration } from '../duration.js';
import { withClient } from '../session.js';
import { formatBytes, formatMs, formatSpan, formatTable } from '../table.js';
import { seedView } from '../views.js';

type SeedView = ReturnType<typeof seedView>;

export function seedCommand(): Command {
  const command = new Command('seed').description('list, inspect, renew and remove seeds');
  command.addCommand(makeClientCommand('ls', 'list the seeds', ['farfork seed ls --json']).action(list));
  command.addCommand(
    makeClientCommand('inspect', 'everything about one seed, with its pages on each node', [
      'farfork seed inspect warm',
    ])
      .argument('<seed>', 'id or name')
      .action(inspect),
  );
  command.addCommand(
    makeClientCommand('rm', 'remove seeds', [
      'farfork seed rm warm',
      'farfork seed rm --force warm   # kills its children',
    ])
      .argument('<seed...>', 'ids or names')
      .option('--force', 'also when children of it are running: they are killed')
      .action(remove),
  );
  command.addCommand(
    makeClientCommand('renew', "prolong a seed's lease, from now on", ['farfork seed renew warm --ttl 2h'])
      .argument('<seed>', 'id or name')
      .option('--ttl <duration>', 'the new lease', '10m')
      .action(renew),
  );
  return command;
}

async function list(options: CommonOptions): Promise<void> {
  const context = contextOf(options);
  const seeds = await withClient(context, (client) => client.listSeeds());
  const heading = ['SEED', 'NAME', 'NODE', 'STATE', 'SIZE', 'THREADS', 'OPEN ON', 'EXPIRES IN'];
  context.output.list(seeds.map(seedView), heading, row, 'no seeds: make one with farfork prepare or farfork run');
}

function row(seed: SeedView): (string | number)[] {
  const size = formatBytes(seed.layoutPages * 4096);
  const expires = seed.state === 'expired' ? '-' : formatSpan(seed.expiresUnixMs - Date.now());
  return [seed.seed, seed.name, seed.node, seed.state, size, seed.threads, seed.openNodes.join(','), expires];
}

async function inspect(name: string, options: CommonOptions): Promise<void> {
  const context = contextOf(options);
  const seed = seedView(await withClient(context, (client) => client.getSeed(name)));
  context.output.item(seed, () => describe(seed));
}

function describe(seed: SeedView): string {
  const facts: [string, string][] = [
    ['seed', `${seed.seed}${seed.name ? ` (${seed.name})` : ''}`],
    ['state', `${seed.state}, expires in ${formatSpan(seed.expiresUnixMs - Date.now())} (epoch ${seed.leaseEpoch})`],
    ['origin', `pid ${seed.parentPid} on ${seed.node}`],
    ['size', `${formatBytes(seed.layoutPages * 4096)} in ${seed.vmas} mappings, ${seed.threads} threads`],
    ['descriptor', formatBytes(seed.descriptorBytes)],
    ['parent pause', `${formatMs(seed.pauseUs / 1000)}, of that ${formatMs(seed.forkUs / 1000)} for the twin`],
    ['staging', seed.stagingUs === null ? '-' : formatMs(seed.stagingUs / 1000)],
    ['SDK', seed.hasControl ? 'yes: can be invoked' : 'no: fork only'],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const text = facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
  if (!seed.stats?.length) return text;
  const heading = ['NODE', 'PRESENT', 'FETCHED', 'SERVED', 'SHARED', 'COPIED', 'FAULTS', 'CHILDREN', 'IMAGE'];
  const rows = seed.stats.map((node) => [
    node.node,
    `${node.presentPages} of ${node.layoutPages}`,
    node.pagesFetched,
    node.pagesServed,
    node.pagesShared,
    node.pagesCopied,
    node.faults,
    node.liveChildren,
    formatBytes(node.imageResidentBytes),
  ]);
  return `${text}\n\npages of 4 KiB on each node:\n${formatTable(heading, rows)}`;
}

async function remove(names: string[], options: CommonOptions & { force?: boolean }): Promise<void> {
  const context = contextOf(options);
  await withClient(context, async (client) => {
    for (const name of names) {
      await client.removeSeed(name, { force: options.force ?? false });
      context.output.item({ seed: name, removed: true }, () => name);
    }
  });
}

async function renew(name: string, options: CommonOptions & { ttl: string }): Promise<void> {
  const context = contextOf(options);
  const ttlMs = parseDuration(options.ttl);
  const seed = seedView(await withClient(context, (client) => client.renewSeed(name, ttlMs)));
  context.output.item(seed, () => `${seed.seed}  expires in ${formatSpan(seed.expiresUnixMs - Date.now())}`);
}
