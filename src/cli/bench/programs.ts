// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FarforkError } from '../../errors/index.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const COMPILE_TIMEOUT_MS = 60_000;

/** A program of bench/programs. */
export function programPath(name: string): string {
  return join(ROOT, 'bench', 'programs', name);
}

/** Compiles a C program of bench/programs with the C SDK into `folder`. Returns its path. Throws CAPABILITY_MISSING. */
export function compileProgram(name: string, folder: string): string {
  const sdk = join(ROOT, 'src', 'sdk', 'c');
  const target = join(folder, name.replace(/\.c$/, ''));
  const argv = ['-O2', '-I', sdk, '-o', target, programPath(name), join(sdk, 'farfork.c'), '-pthread'];
  const result = spawnSync('cc', argv, { encoding: 'utf8', timeout: COMPILE_TIMEOUT_MS });
  if (result.error || result.status !== 0) {
    throw new FarforkError('CAPABILITY_MISSING', 'bench.compile', name, result.error?.message ?? result.stderr);
  }
  return target;
}
