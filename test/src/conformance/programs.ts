// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../end_to_end/harness.js';

export const conformanceFolder = join(root, 'test/conformance');

/** One kernel object and what becomes of it; see test/conformance/conformance.h. */
export interface ConformanceProgram {
  /** Folder and name, as `files/regular_offset`. */
  name: string;
  family: string;
  outcome: 'carried' | 'policy' | 'refused' | 'deviation';
  title: string;
  /** What the refusal's object holds. */
  names: string;
  /** What a deviating child says, or the error that ends it. */
  says: string;
}

export function conformancePrograms(): ConformanceProgram[] {
  const families = readdirSync(conformanceFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return families
    .map((entry) => entry.name)
    .sort()
    .flatMap((family) =>
      readdirSync(join(conformanceFolder, family))
        .filter((file) => file.endsWith('.c'))
        .sort()
        .map((file) => readProgram(family, `${family}/${file.slice(0, -'.c'.length)}`)),
    );
}

function readProgram(family: string, name: string): ConformanceProgram {
  const text = readFileSync(join(conformanceFolder, `${name}.c`), 'utf8');
  const said = /^\/\/ (carried|policy|refused|deviation): (.+)$/m.exec(text);
  assert.ok(said?.[1] && said[2], `${name}.c does not say what to expect of it`);
  const outcome = said[1] as ConformanceProgram['outcome'];
  const names = /^\/\/ names: (.+)$/m.exec(text)?.[1] ?? '';
  assert.equal(outcome === 'refused', names !== '', `${name}.c: "names" goes with "refused"`);
  const says = /^\/\/ says: (.+)$/m.exec(text)?.[1] ?? '';
  assert.equal(outcome === 'deviation', says !== '', `${name}.c: "says" goes with "deviation"`);
  return { name, family, outcome, title: said[2], names, says };
}

/** Compiles it into `folder`; resolves with the program's path. */
export async function compileConformance({ name }: ConformanceProgram, folder: string): Promise<string> {
  const out = join(folder, name.replace('/', '-'));
  const flags = ['-std=gnu17', '-O1', '-g', '-Wall', '-Wextra', '-Werror', '-pthread'];
  await promisify(execFile)('cc', [...flags, '-o', out, join(conformanceFolder, `${name}.c`), '-lrt', '-lm']);
  return out;
}
