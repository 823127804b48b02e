// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from './usage-error.js';

export const DEFAULT_ENDPOINT = '127.0.0.1:7070';

interface ConfigFile {
  endpoint?: string;
}

/** The file that `path` or FARFORK_CONFIG names must exist; the default one need not. Throws UsageError. */
export function readConfig(path: string | undefined, env = process.env): ConfigFile {
  const named = path ?? env['FARFORK_CONFIG'];
  const file = named ?? join(env['XDG_CONFIG_HOME'] ?? join(env['HOME'] ?? homedir(), '.config'), 'farfork.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (!named && (error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new UsageError(`cannot read the configuration ${file}: ${(error as Error).message}`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${(error as Error).message}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new UsageError(`${file} must hold one JSON object`);
  }
  for (const [key, value] of Object.entries(parsed)) {
    if (key !== 'endpoint') throw new UsageError(`${file} has the unknown setting «${key}»; known: endpoint`);
    if (typeof value !== 'string') throw new UsageError(`${file}: ${key} must be a string`);
  }
  return parsed;
}

/** Flag > environment > file > default. Throws UsageError. */
export function resolveEndpoint(flag: string | undefined, configPath: string | undefined, env = process.env): string {
  const endpoint = flag ?? env['FARFORK_ENDPOINT'] ?? readConfig(configPath, env).endpoint ?? DEFAULT_ENDPOINT;
  return checkEndpoint(endpoint);
}

/** `host:port`, `[v6]:port` or `unix:/path`. */
export function checkEndpoint(endpoint: string): string {
  const port = /^(?:\[[0-9a-fA-F:.]+\]|[^:/\s]+):(\d{1,5})$/.exec(endpoint)?.[1];
  const valid = /^unix:\/.+/.test(endpoint) || (port !== undefined && Number(port) <= 65535);
  if (!valid) throw new UsageError(`the endpoint «${endpoint}» is not HOST:PORT or unix:/PATH`);
  return endpoint;
}
