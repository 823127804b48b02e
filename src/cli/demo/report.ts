// SPDX-License-Identifier: Apache-2.0
import { describeDetail } from '../failure.js';
import type { Output } from '../output.js';
import { median, sum } from '../statistics.js';
import { formatBytes, formatMs, formatTable } from '../table.js';
import type { Answer } from './local-work.js';
import { type DemoChild, type DemoResult, memoryUsed } from './result.js';

/** The demo's result: JSON lines, or a page for a terminal. */
export function reportDemo(result: DemoResult, output: Output): void {
  if (output.json) {
    for (const child of result.children) output.item(childObject(child), () => '');
    output.item(summaryObject(result), () => '');
    return;
  }
  output.line('');
  output.line(formatTable(['CHILD', 'NODE', 'INPUT', 'ANSWER', 'CHECK', 'RESUMED IN'], result.children.map(childRow)));
  for (const child of result.children)
    if (child.error) output.line(`\nchild ${child.index}: ${describeDetail(child.error)}`);
  output.line('');
  const facts = summaryLines(result);
  const width = Math.max(...facts.map(([name]) => name.length));
  for (const [name, text] of facts) output.line(`${name.padEnd(width)}  ${text}`);
}

function childRow(child: DemoChild): (string | number)[] {
  const answer = child.answer as Answer | undefined;
  const said = answer ? `balance ${answer.balance}, ${answer.visits} visits, ${answer.checksum}` : '-';
  const check = child.right ? 'right' : child.error ? child.error.code : 'WRONG';
  const resumed = child.resumeMs === undefined ? '-' : formatMs(child.resumeMs);
  return [child.index, child.node, child.query.key, said, check, resumed];
}

function present(values: (number | undefined)[]): number[] {
  return values.filter((value) => value !== undefined);
}

function summaryLines(result: DemoResult): [string, string][] {
  const { seed, children, local } = result;
  const targets = result.stats.filter((node) => node.node !== seed.node);
  const pages = (field: 'pagesFetched' | 'pagesShared' | 'pagesCopied'): string =>
    sum(targets.map((node) => node[field])).toLocaleString('en');
  const resume = present(children.map((child) => child.resumeMs));
  const warm = present(result.later.map((child) => child.resumeMs));
  const again = `${formatMs(median(warm))} for the next ones`;
  const answers = present(children.map((child) => child.answerMs));
  const right = children.filter((child) => child.right).length;
  const size = formatBytes(seed.layoutPages * 4096);
  const copies = children.length * result.parentBytes;
  return [
    ['answers', `${right} of ${children.length} equal those of the same program run cold`],
    [
      'parent',
      `${formatBytes(result.parentBytes)}, ${seed.threads} threads, ${local.records.toLocaleString('en')} records`,
    ],
    [
      'parent pause',
      `${formatMs(seed.pauseUs / 1000)} to prepare it (os.fork() of it here: ${formatMs(median(local.forkMs))})`,
    ],
    [
      'resume',
      `${formatMs(median(resume))} a child (median), all at once on nodes that had nothing of the parent; ${again}`,
    ],
    [
      'request to answer',
      `${formatMs(median(answers))} (median; ${children.length} children at once, memory fetched on access)`,
    ],
    [
      'local os.fork()',
      `${formatMs(median(local.forkMs))} to return, ${formatMs(median(local.forkAnswerMs))} to the answer, this machine only`,
    ],
    ['cold start', `${formatMs(local.coldMs)} to the answer`],
    [
      'pages of 4 KiB',
      `${pages('pagesFetched')} fetched over the network; ${pages('pagesShared')} mapped shared, ${pages('pagesCopied')} copied; the seed has ${seed.layoutPages.toLocaleString('en')} (${size})`,
    ],
    [
      'memory',
      `${formatBytes(memoryUsed(result))} for ${children.length} children on two nodes; ${children.length} copies: ${formatBytes(copies)}`,
    ],
  ];
}

function childObject(child: DemoChild): object {
  return {
    type: 'child',
    child: child.childId,
    index: child.index,
    node: child.node,
    hostPid: child.hostPid,
    input: child.query,
    answer: child.answer ?? null,
    right: child.right,
    resumeMs: child.resumeMs ?? null,
    answerMs: child.answerMs ?? null,
    ownBytes: child.ownBytes,
    ...(child.error ? { error: child.error } : {}),
  };
}

function summaryObject(result: DemoResult): object {
  const { seed, children, local } = result;
  return {
    type: 'summary',
    seed: seed.seedId,
    right: children.filter((child) => child.right).length,
    children: children.length,
    startMs: result.startMs,
    warmMs: result.warmMs,
    pauseUs: seed.pauseUs,
    stagingUs: seed.stagingUs,
    resumeWarmP50Ms: median(present(result.later.map((child) => child.resumeMs))),
    resumeP50Ms: median(present(children.map((child) => child.resumeMs))),
    answerP50Ms: median(present(children.map((child) => child.answerMs))),
    osForkP50Ms: median(local.forkMs),
    osForkAnswerP50Ms: median(local.forkAnswerMs),
    coldStartMs: local.coldMs,
    layoutPages: seed.layoutPages,
    nodes: result.stats,
    parentBytes: result.parentBytes,
    memoryBytes: memoryUsed(result),
    copiesBytes: children.length * result.parentBytes,
  };
}
