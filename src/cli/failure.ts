// SPDX-License-Identifier: Apache-2.0
import { CommanderError } from 'commander';
import { catalogue } from '../errors/catalogue.gen.js';
import type { CatalogueEntry } from '../errors/entry.js';
import { UsageError } from './usage-error.js';

export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
export const EXIT_SOME_CHILDREN_FAILED = 3;
export const EXIT_INCOMPATIBLE = 4;

/** A command that said itself what went wrong, or whose result is an exit code. */
export class ExitWith extends Error {
  override name = 'ExitWith';
  constructor(readonly exitCode: number) {
    super(`exit ${exitCode}`);
  }
}

/** The catalogue's entry for an error that has a code of the catalogue. */
export function entryOf(error: unknown): CatalogueEntry | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && Object.hasOwn(catalogue, code)
    ? catalogue[code as keyof typeof catalogue]
    : undefined;
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof ExitWith) return error.exitCode;
  if (error instanceof UsageError) return EXIT_USAGE;
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_DONE : EXIT_USAGE;
  return entryOf(error)?.exit ?? EXIT_FAILED;
}

/** What to print on stderr: «error: CODE …» and the advice. Empty when the command printed it already. */
export function describeError(error: unknown): string {
  if (error instanceof ExitWith || error instanceof CommanderError) return '';
  if (error instanceof UsageError) return `error: ${error.message}`;
  const entry = entryOf(error);
  if (!entry) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    return `error: ${process.env['FARFORK_DEBUG'] ? stack : message}`;
  }
  const { stage, object, detail } = error as { stage?: string; object?: string; detail?: string };
  return describeDetail({ code: entry.code, stage: stage ?? '', object: object ?? '', detail: detail ?? '' });
}

/** The same for an ErrorDetail of the API. */
export function describeDetail(error: { code: string; stage: string; object: string; detail: string }): string {
  const entry = entryOf(error);
  const lines = [`error: ${error.code}: ${entry?.cause ?? 'an error that this version does not know'}`];
  const where = [error.stage && `at ${error.stage}`, error.object && `for ${error.object}`].filter(Boolean).join(' ');
  if (where || error.detail) lines.push(`  ${[where, error.detail].filter(Boolean).join(': ')}`);
  if (entry) lines.push(`  ${entry.advice}`);
  return lines.join('\n');
}
