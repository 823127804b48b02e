// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout, seen from dist-test/tidy. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

const SKIPPED = new Set(['.git', '.cache', 'node_modules', 'dist', 'dist-test', '__pycache__']);

/** Paths of the repository's own files, relative to the root, with one of these endings. */
export function files(folder: string, endings: string[]): string[] {
  const found: string[] = [];
  const walk = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory() && !SKIPPED.has(entry.name) && relative(root, path) !== 'native/build') walk(path);
      if (entry.isFile() && endings.some((ending) => entry.name.endsWith(ending))) found.push(relative(root, path));
    }
  };
  walk(join(root, folder));
  return found.sort();
}

export function text(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

export function isGenerated(path: string): boolean {
  return path.startsWith('src/proto/') || /\.gen\.\w+$/.test(path);
}
