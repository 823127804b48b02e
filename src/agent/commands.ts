// SPDX-License-Identifier: Apache-2.0
import { asFarforkError, FarforkError, fromDetail } from '../errors/index.js';
import type {
  Command,
  CommandResult,
  ForkCommand,
  Init,
  Logs,
  PrepareCommand,
  ReadLogsCommand,
} from '../proto/index.js';
import type { ChildTable } from './children.js';
import type { ParentTable } from './parents.js';
import type { SeedTable } from './seeds.js';

const maxLogBytes = 1024 * 1024;

export interface Rooms {
  seeds: SeedTable;
  children: ChildTable;
  parents: ParentTable;
}

type Result = Omit<Init<CommandResult>, 'requestId' | 'error'>;

/** Carries out one command of the coordinator. Never rejects: a failure is part of the result. */
export async function execute(command: Command, rooms: Rooms, receivedAtNs: bigint): Promise<Init<CommandResult>> {
  const { requestId } = command;
  try {
    return { requestId, ...(await dispatch(command, rooms, receivedAtNs)) };
  } catch (error) {
    return { requestId, error: asFarforkError(error, 'agent.command').toDetail() };
  }
}

async function dispatch(command: Command, rooms: Rooms, receivedAtNs: bigint): Promise<Result> {
  const { seeds, children, parents } = rooms;
  if (command.fork) {
    await fork(command.fork, rooms, receivedAtNs);
    return {};
  }
  if (command.prepare) return { prepare: { seed: await prepare(command.prepare, rooms) } };
  if (command.runParent) return { parent: await parents.run(command.runParent) };
  if (command.seedStats) return { seedStats: await seeds.stats(command.seedStats.seedId) };
  if (command.readLogs) return { logs: readLogs(children, command.readLogs) };
  if (command.setLease) {
    await seeds.setLease(command.setLease.seedId, command.setLease.leaseEpoch, command.setLease.expiresUnixMs);
  } else if (command.reclaim) await seeds.reclaim(command.reclaim.seedId, command.reclaim.force);
  else if (command.kill) await children.kill(command.kill.childId, command.kill.signal || 9);
  else if (command.stopParent) await parents.stop(command.stopParent.name, command.stopParent.signal || 15);
  else if (command.refuseSeed) {
    const { parent, error } = command.refuseSeed;
    parents.answer(parent, { error: fromDetail(error ?? { code: 'INTERNAL', stage: '', object: '', detail: '' }) });
  } else throw new FarforkError('INVALID_ARGUMENT', 'agent.command', 'command', 'this version does not know it');
  return {};
}

/** A seed that cannot be opened fails the command; the children of a batch that was taken report by events. */
async function fork(command: ForkCommand, { seeds, children }: Rooms, receivedAtNs: bigint): Promise<void> {
  if (!seeds.isOpen(command.seedId)) {
    try {
      await seeds.ensureOpen(command);
    } catch (error) {
      throw asFarforkError(error, 'agent.open', `seed ${command.seedId}`);
    }
  }
  await children.fork(command, receivedAtNs);
}

async function prepare(command: PrepareCommand, { seeds, parents }: Rooms) {
  const name = command.parent;
  try {
    const target = name
      ? parents.target(name)
      : { pid: command.pid, controlInode: parents.controlInodeOf(command.pid) };
    const seed = await seeds.prepare(command, target.pid, target.controlInode);
    if (name) parents.answer(name, { seedId: command.seedId });
    return seed;
  } catch (error) {
    const known = asFarforkError(error, 'agent.prepare', name ? `parent ${name}` : `pid ${String(command.pid)}`);
    if (name) parents.answer(name, { error: known });
    throw known;
  }
}

function readLogs(children: ChildTable, { childId, fd, offset, maxBytes }: ReadLogsCommand): Init<Logs> {
  return children.readOutput(childId, fd || 1, offset, Math.min(maxBytes || maxLogBytes, maxLogBytes));
}
