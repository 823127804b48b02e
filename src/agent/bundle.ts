// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { FarforkError } from '../errors/index.js';

/** What of an OCI runtime bundle (runtime-spec config.md) a parent uses. */
export interface Bundle {
  root: string;
  argv: string[];
  env: Record<string, string>;
  cwd: string;
}

interface Config {
  root?: { path?: string };
  process?: { args?: string[]; env?: string[]; cwd?: string };
}

/** Reads DIR/config.json. Throws INVALID_ARGUMENT when it is missing or no bundle. */
export function bundleOf(folder: string): Bundle {
  let config: Config;
  try {
    config = JSON.parse(readFileSync(resolve(folder, 'config.json'), 'utf8')) as Config;
  } catch (error) {
    const seen = error instanceof Error ? error.message : String(error);
    throw new FarforkError('INVALID_ARGUMENT', 'agent.bundle', `bundle ${folder}`, `config.json: ${seen}`);
  }
  const env = (config.process?.env ?? []).map((entry): [string, string] => {
    const at = entry.indexOf('=');
    return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
  });
  return {
    root: resolve(folder, config.root?.path ?? 'rootfs'),
    argv: config.process?.args ?? [],
    env: Object.fromEntries(env),
    cwd: config.process?.cwd ?? '/',
  };
}
