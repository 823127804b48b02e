// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander';
import type { EmbeddedCluster } from '../../embedded/index.js';
import { FigureSink } from '../bench/figure.js';
import { type CommonOptions, contextOf, makeCommand } from '../common.js';
import { stopSignal } from '../stop-signal.js';
import { ExitWith } from '../failure.js';
import { UsageError } from '../usage-error.js';

interface Benchmark {
  summary: string;
  /** The benchmark that runs this one too. */
  partOf?: string;
  run(cluster: EmbeddedCluster, sink: FigureSink): Promise<void>;
}

/** Three nodes: 63 cells are made ahead in all. */
const READY_CELLS = 21;

const BENCHMARKS: Record<string, Benchmark> = {
  resume: {
    summary: 'resume, pause and staging against os.fork(); cold start; CRIU; then batch',
    run: async (cluster, sink) => {
      await (await import('../bench/resume.js')).benchResume(cluster, sink);
      await runBatch(cluster, sink);
    },
  },
  batch: { summary: '1,000 children in one call', partOf: 'resume', run: runBatch },
};

async function runBatch(cluster: EmbeddedCluster, sink: FigureSink): Promise<void> {
  await (await import('../bench/batch.js')).benchBatch(cluster, sink);
}

export function benchCommand(): Command {
  const names = Object.entries(BENCHMARKS).map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`);
  return makeCommand('bench', 'the benchmarks, each on an embedded cluster of its own', [
    'farfork bench',
    'farfork bench resume --json >figures.jsonl',
  ])
    .argument('[name...]', 'which (default: all)')
    .addHelpText('after', `\nBenchmarks:\n${names.join('\n')}`)
    .action(run);
}

async function run(names: string[], options: CommonOptions): Promise<void> {
  const { output } = contextOf(options);
  const all = Object.keys(BENCHMARKS).filter((name) => BENCHMARKS[name]?.partOf === undefined);
  const chosen = (names.length > 0 ? names : all).map((name): [string, Benchmark] => {
    const benchmark = Object.hasOwn(BENCHMARKS, name) ? BENCHMARKS[name] : undefined;
    if (!benchmark) throw new UsageError(`no benchmark «${name}»; there are: ${Object.keys(BENCHMARKS).join(', ')}`);
    return [name, benchmark];
  });
  const { startEmbedded } = await import('../../embedded/index.js');
  const stopped = stopSignal().then((name) => Promise.reject(new ExitWith(name === 'SIGINT' ? 130 : 143)));
  stopped.catch(() => undefined);
  for (const [name, benchmark] of chosen) {
    const cluster = await startEmbedded({ nodes: 3, readyCells: READY_CELLS });
    const sink = new FigureSink(name, output);
    try {
      await Promise.race([benchmark.run(cluster, sink), stopped]);
    } finally {
      await cluster.close();
    }
    if (sink.missed > 0) output.log(`${name}: ${sink.missed} of its targets were missed`);
  }
}
