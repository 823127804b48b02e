// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander';
import { type CommonOptions, collect, contextOf, makeClientCommand } from '../common.js';
import { parseDuration } from '../duration.js';
import { withClient } from '../session.js';
import { UsageError } from '../usage-error.js';
import { parentView, seedView } from '../views.js';

interface Options extends CommonOptions {
  name: string;
  node?: string;
  bundle?: string;
  env?: string[];
  cwd?: string;
  waitSeed?: boolean;
}

const SEED_TIMEOUT_MS = 60_000;

export function runCommand(): Command {
  return makeClientCommand('run', 'start a parent; with an SDK it becomes a seed by itself', [
    'farfork run --name table -- python3 warm_table.py',
    'farfork run --name table --wait-seed --timeout 5m -- python3 warm_table.py',
    'farfork run --name app --bundle /srv/bundles/app',
  ])
    .requiredOption('--name <name>', "the parent's name")
    .option('--node <node>', 'where (else the scheduler chooses)')
    .option('--bundle <folder>', 'an OCI bundle on the node')
    .option('-e, --env <name=value>', 'a variable of its environment; repeatable', collect)
    .option('--cwd <folder>', "its working folder (else this one, or the bundle's)")
    .option('--wait-seed', 'return once it made a seed of itself (up to --timeout, 1 m when not given)')
    .argument('[command...]', 'after --: the program and its arguments')
    .action(run);
}

async function run(argv: string[], options: Options): Promise<void> {
  const context = contextOf(options);
  if (argv.length === 0 && options.bundle === undefined) throw new UsageError('say what to run, after --');
  const timeoutMs = options.timeout === undefined ? SEED_TIMEOUT_MS : parseDuration(options.timeout);
  const request = {
    name: options.name,
    node: options.node ?? '',
    argv,
    env: Object.fromEntries((options.env ?? []).map(parseVariable)),
    cwd: options.cwd ?? (options.bundle === undefined ? process.cwd() : ''),
    bundle: options.bundle ?? '',
    waitSeedMs: options.waitSeed ? timeoutMs : 0,
  };
  const { parent, seed } = await withClient(context, (client) => client.run(request));
  context.output.item(parentView(parent), () => `${parent.name}  ${parent.node}  pid ${parent.hostPid}`);
  if (seed.seedId) context.output.item(seedView(seed), () => seed.seedId);
}

function parseVariable(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at <= 0) throw new UsageError(`--env must be NAME=VALUE, not «${text}»`);
  return [text.slice(0, at), text.slice(at + 1)];
}
