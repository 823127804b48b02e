// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { Option } from 'commander';
import { type CommonOptions, collect, contextOf, makeClientCommand } from '../common.js';
import { parseCount, parseDuration } from '../duration.js';
import { EXIT_SOME_CHILDREN_FAILED, ExitWith } from '../failure.js';
import { ForkReport } from '../fork-report.js';
import { withClient } from '../session.js';
import { UsageError } from '../usage-error.js';

interface Options extends CommonOptions {
  count: string;
  node?: string[];
  stdin?: string;
  stdio: string;
  wait?: boolean;
  key?: string;
  startTimeout: string;
}

export function forkCommand(): Command {
  return makeClientCommand('fork', 'resume children from a seed', [
    'farfork fork warm -n 50',
    'farfork fork warm -n 4 --node node2 --node node3 --wait',
    'farfork fork warm --stdin request.json --wait --json',
  ])
    .argument('<seed>', 'id or name of the seed')
    .option('-n, --count <children>', 'how many', '1')
    .option('--node <node>', 'pin to this node; several: round robin', collect)
    .option('--stdin <file>', "every child's standard input (- reads this command's)")
    .addOption(
      new Option('--stdio <mode>', "own: each child has its own; inherit-files: keep the parent's regular files there")
        .choices(['own', 'inherit-files'])
        .default('own'),
    )
    .option('--wait', 'stream the output of the children and wait until all ended')
    .option('--key <hex>', "the seed's key, when the coordinator is not to use its own copy")
    .option('--start-timeout <duration>', 'for each child to start', '10s')
    .action(run);
}

async function run(seed: string, options: Options): Promise<void> {
  const context = contextOf(options);
  const inheritStdio = options.stdio === 'inherit-files';
  if (inheritStdio && options.stdin !== undefined)
    throw new UsageError('--stdin and --stdio inherit-files both say what descriptor 0 is');
  const count = parseCount(options.count, '--count', 1, 100_000);
  const request = {
    seed,
    count,
    nodes: options.node ?? [],
    stdin: options.stdin === undefined ? new Uint8Array() : readInput(options.stdin),
    key: options.key === undefined ? new Uint8Array() : parseKey(options.key),
    wait: options.wait ?? false,
    streamOutput: options.wait ?? false,
    // Those above 2; what stands at 0, 1 and 2 is the matter of --stdio.
    inheritFiles: true,
    inheritStdio,
    deadlineMs: parseDuration(options.startTimeout),
  };
  const report = new ForkReport(context.output, count, request.wait);
  await withClient(context, async (client) => {
    for await (const event of client.fork(request)) report.take(event);
  });
  report.finish();
  if (report.failures > 0) throw new ExitWith(EXIT_SOME_CHILDREN_FAILED);
}

/** A file's bytes, or those of standard input for "-". Throws UsageError. */
export function readInput(path: string): Uint8Array {
  try {
    return readFileSync(path === '-' ? 0 : path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${(error as Error).message}`);
  }
}

function parseKey(text: string): Uint8Array {
  if (!/^[0-9a-fA-F]{64}$/.test(text)) throw new UsageError('--key must be 64 hexadecimal digits');
  return Buffer.from(text, 'hex');
}
