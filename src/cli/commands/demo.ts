// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander';
import { type CommonOptions, contextOf, makeCommand } from '../common.js';
import { reportDemo } from '../demo/report.js';
import { parseCount } from '../duration.js';
import { EXIT_SOME_CHILDREN_FAILED, ExitWith } from '../failure.js';
import { stopSignal } from '../stop-signal.js';

interface Options extends CommonOptions {
  children: string;
  size: string;
}

export function demoCommand(): Command {
  return makeCommand(
    'demo',
    'a cluster of 3 nodes on this machine; a warm parent forked across it, and what happened',
    ['farfork demo', 'farfork demo --children 16 --size 400'],
  )
    .option('--children <children>', 'on each of node2 and node3', '3')
    .option('--size <megabytes>', "of the parent's table", '100')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { output } = contextOf(options);
  const childrenPerNode = parseCount(options.children, '--children', 1, 500);
  const sizeMb = parseCount(options.size, '--size', 10, 4000);
  const abort = new AbortController();
  void stopSignal().then((name) => abort.abort(new ExitWith(name === 'SIGINT' ? 130 : 143)));
  const { runDemo } = await import('../demo/run-demo.js');
  const result = await runDemo({ childrenPerNode, sizeMb, signal: abort.signal, log: (text) => output.log(text) });
  reportDemo(result, output);
  if (![...result.children, ...result.later].every((child) => child.right))
    throw new ExitWith(EXIT_SOME_CHILDREN_FAILED);
}
