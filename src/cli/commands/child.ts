// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { Command } from 'commander';
import { type CommonOptions, contextOf, makeClientCommand } from '../common.js';
import { parseCount } from '../duration.js';
import { EXIT_SOME_CHILDREN_FAILED, ExitWith } from '../failure.js';
import { withClient } from '../session.js';
import { formatMs } from '../table.js';
import { UsageError } from '../usage-error.js';
import { childView } from '../views.js';

const HEADING = ['CHILD', 'SEED', 'NODE', 'PID', 'HOST PID', 'STATE', 'EXIT', 'RESUMED IN'];

export function childCommand(): Command {
  const command = new Command('child').description('list, read, end and await children');
  command.addCommand(
    makeClientCommand('ls', 'list the children', ['farfork child ls --seed warm', 'farfork child ls --all --json'])
      .option('--seed <seed>', 'only those of this seed')
      .option('--node <node>', 'only those on this node')
      .option('--all', 'ended ones too')
      .action(list),
  );
  command.addCommand(
    makeClientCommand('logs', "a child's output", ['farfork child logs CHILD', 'farfork child logs -f CHILD'])
      .argument('<child>', 'id of the child')
      .option('-f, --follow', 'go on until the child ends')
      .action(logs),
  );
  command.addCommand(
    makeClientCommand('kill', 'send children a signal', [
      'farfork child kill CHILD',
      'farfork child kill -s TERM CHILD',
    ])
      .argument('<child...>', 'ids of children')
      .option('-s, --signal <signal>', 'name or number', 'KILL')
      .action(kill),
  );
  command.addCommand(
    makeClientCommand('wait', 'wait until children end; exit 3 if one ended with another code than 0', [
      'farfork child wait CHILD --timeout 30s',
    ])
      .argument('<child...>', 'ids of children')
      .action(wait),
  );
  return command;
}

function row(child: ReturnType<typeof childView>): (string | number)[] {
  const resumed = child.resumeMs === null ? '-' : formatMs(child.resumeMs);
  return [child.child, child.seed, child.node, child.pid, child.hostPid, child.state, child.exitCode ?? '-', resumed];
}

async function list(options: CommonOptions & { seed?: string; node?: string; all?: boolean }): Promise<void> {
  const context = contextOf(options);
  const filter = { seed: options.seed ?? '', node: options.node ?? '', all: options.all ?? false };
  const children = await withClient(context, (client) => client.listChildren(filter));
  context.output.list(children.map(childView), HEADING, row, 'no children');
}

async function logs(childId: string, options: CommonOptions & { follow?: boolean }): Promise<void> {
  const context = contextOf(options);
  await withClient(context, async (client) => {
    for await (const chunk of client.childLogs(childId, { follow: options.follow ?? false })) {
      if (context.output.json) {
        context.output.item({ child: childId, fd: chunk.fd, text: Buffer.from(chunk.data).toString('utf8') }, () => '');
      } else {
        context.output.raw(chunk.data, chunk.fd);
      }
    }
  });
}

async function kill(childIds: string[], options: CommonOptions & { signal: string }): Promise<void> {
  const context = contextOf(options);
  const signal = parseSignal(options.signal);
  await withClient(context, async (client) => {
    for (const childId of childIds) {
      await client.killChild(childId, signal);
      context.output.item({ child: childId, signal }, () => childId);
    }
  });
}

/** `KILL`, `SIGKILL` or `9`. Throws UsageError. */
export function parseSignal(text: string): number {
  const name = text.toUpperCase().replace(/^(SIG)?/, 'SIG');
  const number = (constants.signals as Record<string, number>)[name];
  if (number !== undefined) return number;
  if (!/^\d+$/.test(text)) throw new UsageError(`«${text}» is not a signal`);
  return parseCount(text, '--signal', 1, 64);
}

async function wait(childIds: string[], options: CommonOptions): Promise<void> {
  const context = contextOf(options);
  let failed = 0;
  await withClient(context, async (client) => {
    const waits = childIds.map(async (childId) => {
      const view = childView(await client.waitChild(childId, context.timeoutMs));
      if (view.exitCode !== 0) failed += 1;
      context.output.item(view, () => `${view.child}  ${view.state}  ${view.exitCode ?? '-'}`);
    });
    await Promise.all(waits);
  });
  if (failed > 0) throw new ExitWith(EXIT_SOME_CHILDREN_FAILED);
}
