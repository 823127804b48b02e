// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander';
import { packValue, unpackValue } from '../../sdk/typescript/payload.js';
import { type CommonOptions, contextOf, makeClientCommand } from '../common.js';
import { withClient } from '../session.js';
import { UsageError } from '../usage-error.js';
import { readInput } from './fork.js';

interface Options extends CommonOptions {
  input?: string;
  node?: string;
  raw?: boolean;
}

const DEFAULT_TIMEOUT_MS = 30_000;

export function invokeCommand(): Command {
  return makeClientCommand('invoke', 'fork one child for one request and print its reply', [
    'echo \'{"key": "user-004711"}\' | farfork invoke warm-table --input -',
    'farfork invoke thumbnails --input photo.jpg --raw >small.jpg',
  ])
    .argument('<seed>', 'id or name of a seed whose parent uses an SDK')
    .option('--input <file>', 'the request as JSON text (- reads standard input)')
    .option('--node <node>', 'where to run the child')
    .option('--raw', 'the input is bytes, not JSON; a reply of bytes or text is printed as it is')
    .action(run);
}

async function run(seed: string, options: Options): Promise<void> {
  const context = contextOf(options);
  const input = options.input === undefined ? null : encodeInput(readInput(options.input), options.raw ?? false);
  const timeoutMs = context.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const request = { seed, input: input ?? new Uint8Array(), node: options.node ?? '', timeoutMs };
  const response = await withClient(context, (client) => client.invoke(request));
  printReply(unpackValue(response.reply), options.raw ?? false);
}

/** The request as MessagePack. Throws UsageError. */
export function encodeInput(bytes: Uint8Array, raw: boolean): Uint8Array {
  if (raw) return packValue(Buffer.from(bytes));
  try {
    return packValue(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (error) {
    throw new UsageError(`the input is not JSON (${(error as Error).message}); pass bytes with --raw`);
  }
}

function printReply(reply: unknown, raw: boolean): void {
  if (raw && (reply instanceof Uint8Array || typeof reply === 'string')) process.stdout.write(reply);
  else process.stdout.write(`${JSON.stringify(reply, jsonValue)}\n`);
}

/** MessagePack has what JSON lacks: bytes become base64 text, 64-bit integers become strings. */
function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  const buffer = value as { type?: string; data?: number[] } | null;
  if (buffer?.type === 'Buffer' && Array.isArray(buffer.data)) return Buffer.from(buffer.data).toString('base64');
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}
