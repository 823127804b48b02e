// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { files, isGenerated, text } from './tree.js';

interface Entry {
  code: string;
  number: number;
  grpc: string;
  exit: number;
  cause: string;
  advice: string;
}
const catalogue = JSON.parse(text('proto/errors.json')) as Entry[];
const codes = new Set(catalogue.map((entry) => entry.code));

/** "kSeedNotFound" -> "SEED_NOT_FOUND". */
function codeOf(constant: string): string {
  return constant
    .slice(1)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase();
}

function matches(paths: string[], pattern: RegExp): { path: string; word: string }[] {
  return paths.flatMap((path) => [...text(path).matchAll(pattern)].map((match) => ({ path, word: match[1] ?? '' })));
}

function unknown(uses: { path: string; word: string }[]): string[] {
  return uses.filter(({ word }) => !codes.has(word)).map(({ path, word }) => `${path}: ${word}`);
}

describe('error catalogue', () => {
  it('has each code and each number once, and a cause and advice for each', () => {
    assert.equal(codes.size, catalogue.length);
    assert.equal(new Set(catalogue.map((entry) => entry.number)).size, catalogue.length);
    for (const entry of catalogue) {
      assert.match(entry.code, /^[A-Z][A-Z0-9_]+$/);
      assert.match(entry.cause, /^\S.*\.$/, entry.code);
      assert.match(entry.advice, /^[A-Z].*\.$/, entry.code);
      assert.ok([1, 2, 3, 4, 124].includes(entry.exit), `${entry.code}: exit ${entry.exit}`);
    }
  });

  it('is what docs/errors.md lists', () => {
    const listed = [...text('docs/errors.md').matchAll(/^\| `([A-Z0-9_]+)` \| (\d+) \|/gm)];
    assert.deepEqual(
      listed.map((row) => `${row[1]} ${row[2]}`),
      catalogue.map((entry) => `${entry.code} ${entry.number}`),
    );
  });

  it('has every code that native code uses', () => {
    const sources = files('native', ['.h', '.cc', '.c']).filter((path) => !isGenerated(path));
    const uses = matches(sources, /ErrorCode::(k[A-Z]\w+)/g).map(({ path, word }) => ({ path, word: codeOf(word) }));
    assert.ok(uses.length > 0);
    assert.deepEqual(unknown(uses.filter(({ word }) => word !== 'NONE')), []);
  });

  it('has every code that TypeScript and the SDKs use', () => {
    const sources = files('src', ['.ts', '.mjs']).filter((path) => !isGenerated(path));
    assert.deepEqual(unknown(matches(sources, /(?:FarforkError|farforkError|fail)\(\s*['"]([A-Z0-9_]+)['"]/g)), []);
    const python = files('src/sdk/python', ['.py']);
    const raised = matches(python, /(?:FarforkError|__init__)\(\s*"([A-Z0-9_]+)"/g);
    assert.ok(raised.length >= 3);
    assert.deepEqual(unknown(raised), []);
  });

  it('has every code that the documents name', () => {
    const named = matches([...files('docs', ['.md']), 'README.md'], /`([A-Z]+(?:_[A-Z]+)+)`/g);
    const others =
      /^(FARFORK|WARM|LOOKUP|PROT|MAP|MADV|CAP|SIG|CLONE|CLOCK|CONFIG|IN|O|PR|PTRACE|RLIMIT|SO|TFD|TIMER|UFFD|UFFDIO|UV)_|^STARTED$/;
    assert.deepEqual(unknown(named.filter(({ word }) => !others.test(word))), []);
  });
});
