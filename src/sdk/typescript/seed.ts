// SPDX-License-Identifier: Apache-2.0
import { FarforkError, catalogue, isErrorCode } from '../../errors/index.js';
import { controlFd, protocolError, receiveFrame, sendFrame, type Frame } from './control.js';
import { packValue, unpackValue } from './payload.js';
import { randomnessReseeder } from './randomness.js';

/** Who this process is after seed(). */
export type Role =
  | { kind: 'parent'; seedId: string }
  | { kind: 'child'; seedId: string; childId: string; index: number; input: unknown };

export interface SeedOptions {
  /** Of the seed; absent: the service chooses. */
  name?: string;
  /** Its lease; 600000 when absent. */
  ttlMs?: number;
}

type Hook = () => void | Promise<void>;
const hooks = {
  beforePrepare: [] as Hook[],
  afterPrepare: [] as Hook[],
  afterResume: [] as ((role: Role) => void | Promise<void>)[],
};
let isChild = false;

/** Registers a hook that seed() runs before the capture, latest first. If it throws, nothing is captured. */
export function beforePrepare(hook: Hook): void {
  hooks.beforePrepare.unshift(hook);
}
/** Registers a hook that runs in the parent after the capture, successful or not. */
export function afterPrepare(hook: Hook): void {
  hooks.afterPrepare.push(hook);
}
/** Registers a hook that runs in each child before seed() resolves there. */
export function afterResume(hook: (role: Role) => void | Promise<void>): void {
  hooks.afterResume.push(hook);
}

/**
 * Makes a seed of this process. Resolves in it with role "parent", and once in every child that is ever forked from the
 * seed with role "child". The event loop stands still meanwhile.
 *
 * Rejects with the FarforkError that prepare met; the process then goes on unharmed. V8's heap is MADV_DONTFORK
 * memory, which this version does not carry: it rejects with STATE_NOT_CARRIED, naming the mapping.
 */
export async function seed(options: SeedOptions = {}): Promise<Role> {
  const ttlMs = options.ttlMs ?? 600_000;
  if (!Number.isSafeInteger(ttlMs) || ttlMs <= 0) {
    throw new FarforkError('INVALID_ARGUMENT', 'sdk.seed', 'ttlMs', 'not a positive whole number of milliseconds');
  }
  const fd = controlFd();
  const reseed = randomnessReseeder();
  for (const hook of hooks.beforePrepare) await hook();
  let role: Role | undefined;
  try {
    sendFrame(fd, { type: 'seed', name: options.name ?? null, ttl_ms: ttlMs });
    role = roleOf(receiveFrame(fd));
    isChild ||= role.kind === 'child';
  } finally {
    if (role?.kind !== 'child') for (const hook of hooks.afterPrepare) await hook();
  }
  if (role.kind === 'child') {
    reseed();
    role.input = decodedInput(role.input as Uint8Array | null);
    for (const hook of hooks.afterResume) await hook(role);
  }
  return role;
}

function roleOf(frame: Frame): Role {
  const { type, role, seed: seedId, child: childId, index, input = null } = frame;
  if (type === 'error') throw refusal(String(frame['code']), String(frame['message']));
  if (type !== 'role' || typeof seedId !== 'string') throw protocolError(`expected a role, got type ${String(type)}`);
  if (role === 'parent') return { kind: 'parent', seedId };
  const complete = typeof childId === 'string' && typeof index === 'number';
  if (role !== 'child' || !complete || !(input === null || input instanceof Uint8Array)) {
    throw protocolError(`role ${String(role)} lacks its child id, index or input`);
  }
  return { kind: 'child', seedId, childId, index, input };
}

/** The agent's messages are complete sentences, with the catalogue's cause and advice around what was seen. */
function refusal(code: string, message: string): FarforkError {
  if (!isErrorCode(code))
    return new FarforkError('INTERNAL', 'sdk.seed', `pid ${process.pid}`, `code ${code}: ${message}`);
  const { cause, advice } = catalogue[code];
  const start = `${code}: ${cause.replace(/\.$/, '')}`;
  const end = `. ${advice}`;
  let seen = message.startsWith(start) ? message.slice(start.length).trimStart() : message;
  if (seen.endsWith(end)) seen = seen.slice(0, -end.length);
  return new FarforkError(code, 'sdk.seed', `pid ${process.pid}`, seen);
}

function decodedInput(data: Uint8Array | null): unknown {
  try {
    return data === null ? null : unpackValue(data);
  } catch (error) {
    throw new FarforkError('INVALID_ARGUMENT', 'sdk.seed', 'input', `not MessagePack: ${String(error)}`);
  }
}

/** Sends this child's answer: any value that packValue takes. */
export function reply(value: unknown): void {
  sendAsChild({ type: 'reply', value: packValue(value) });
}

/** Reports that this child has no answer; the caller gets CHILD_REPLIED_ERROR with the message. */
export function replyError(message: string): void {
  sendAsChild({ type: 'error', message });
}

function sendAsChild(frame: Frame): void {
  if (!isChild) {
    throw new FarforkError('INVALID_ARGUMENT', 'sdk.reply', `pid ${process.pid}`, 'this process is no child of a seed');
  }
  sendFrame(controlFd(), frame);
}

/**
 * seed(), then: each child answers handler(input) and exits, 1 if the handler threw; the parent's promise resolves on
 * SIGTERM or SIGINT.
 */
export async function serve(
  handler: (input: unknown, role: Role) => unknown,
  options: SeedOptions = {},
): Promise<Role> {
  let role: Role;
  try {
    role = await seed(options);
    if (role.kind === 'child') {
      reply(await handler(role.input, role));
      process.exit(0);
    }
  } catch (error) {
    if (!isChild) throw error;
    console.error(error);
    replyError(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
  await new Promise<void>((resolve) => {
    const keepAlive = setInterval(() => undefined, 1 << 30);
    const stop = (): void => {
      clearInterval(keepAlive);
      process.off('SIGTERM', stop).off('SIGINT', stop);
      resolve();
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
  });
  return role;
}
