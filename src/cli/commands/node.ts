// SPDX-License-Identifier: Apache-2.0
import { Command } from 'commander';
import { type CommonOptions, contextOf, makeClientCommand } from '../common.js';
import { withClient } from '../session.js';
import { formatBytes } from '../table.js';
import { nodeView } from '../views.js';

const HEADING = ['NODE', 'STATE', 'FABRIC', 'ADDRESS', 'CHILDREN', 'CPUS', 'FREE MEMORY', 'KERNEL'];

export function nodeCommand(): Command {
  const command = new Command('node').description('list and drain nodes');
  command.addCommand(makeClientCommand('ls', 'list the nodes', ['farfork node ls --json']).action(list));
  command.addCommand(
    makeClientCommand('drain', 'give a node no new children; those that run there go on', [
      'farfork node drain node2',
      'farfork node drain --undo node2',
    ])
      .argument('<node>', 'name of the node')
      .option('--undo', 'let it take children again')
      .action(drain),
  );
  return command;
}

function row(node: ReturnType<typeof nodeView>): (string | number)[] {
  const address = `${node.fabricHost}:${node.fabricPort}`;
  const memory = formatBytes(node.memoryAvailableBytes);
  return [node.node, node.state, node.fabric, address, node.children, node.cpus, memory, node.kernel];
}

async function list(options: CommonOptions): Promise<void> {
  const context = contextOf(options);
  const nodes = await withClient(context, (client) => client.listNodes());
  nodes.sort((left, right) => left.name.localeCompare(right.name, 'en', { numeric: true }));
  context.output.list(nodes.map(nodeView), HEADING, row, 'no nodes: start farfork agent on each machine');
}

async function drain(name: string, options: CommonOptions & { undo?: boolean }): Promise<void> {
  const context = contextOf(options);
  const undrain = options.undo ?? false;
  const view = nodeView(await withClient(context, (client) => client.drainNode(name, { undrain })));
  context.output.item(view, () => `${view.node}  ${view.state}`);
}
