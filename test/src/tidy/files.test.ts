// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { files, isGenerated, text } from './tree.js';

const MAX_LINES = 300;
/** A test may tell a longer story. */
const MAX_TEST_LINES = 400;

/** Files that may be longer, and why. */
const LONGER: Record<string, string> = {
  'src/sdk/c/farfork.c': 'the C SDK is one header and one source by design, so that a program can simply add it',
};

const SOURCES = ['.ts', '.mjs', '.cjs', '.h', '.cc', '.c', '.S', '.py', '.sh', '.proto', '.txt', '.yaml', '.yml'];
const FOLDERS = ['src', 'native', 'test', 'proto', 'deploy', 'bench', 'kmod'];
const sources = FOLDERS.flatMap((folder) => files(folder, SOURCES)).filter((path) => !isGenerated(path));
const documents = [...files('docs', ['.md']), 'README.md', 'CHANGELOG.md', 'kmod/README.md'];

function budgetOf(path: string): number {
  return path.startsWith('test/') ? MAX_TEST_LINES : MAX_LINES;
}

function linesOf(path: string): number {
  return text(path).trimEnd().split('\n').length;
}

describe('files', () => {
  it(`have at most ${MAX_LINES} lines, tests ${MAX_TEST_LINES}`, () => {
    const long = sources.filter((path) => linesOf(path) > budgetOf(path) && LONGER[path] === undefined);
    assert.deepEqual(
      long.map((path) => `${path}: ${linesOf(path)} lines`),
      [],
    );
    for (const path of Object.keys(LONGER))
      assert.ok(linesOf(path) > budgetOf(path), `${path} is short: no exception needed`);
  });

  it('say their licence in the first lines', () => {
    const shipped = sources.filter((path) => /^(native|src)\/.*\.(h|cc|c|S|py)$/.test(path));
    const silent = shipped.filter(
      (path) => !text(path).split('\n', 3).join('\n').includes('SPDX-License-Identifier: '),
    );
    assert.deepEqual(silent, []);
  });

  it('leave nothing to do without an issue number', () => {
    const marker = new RegExp(
      `\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b(?!\\(#\\d+\\))`,
    );
    const left = [...sources, ...documents].filter((path) => marker.test(text(path)));
    assert.deepEqual(left, []);
  });

  it('name no package registry or mirror', () => {
    // In halves, or this file would name them.
    const halves = ['registry\\.|npm', 'npm|mirror', 'py|pi\\.', 'python|hosted', 'arti|factory', 'sonatype|\\.'];
    const host = new RegExp(halves.map((name) => name.replace('|', '')).join('|'), 'i');
    const naming = [...sources, ...documents, 'package.json', 'package-lock.json'].filter((path) =>
      host.test(text(path)),
    );
    assert.deepEqual(naming, []);
  });

  it('are linked correctly by the documents', () => {
    const broken: string[] = [];
    for (const path of documents) {
      const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : '';
      for (const match of text(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g)) {
        const target = new URL(match[1] ?? '', `file:///${folder}`).pathname.slice(1);
        const known = target.endsWith('/') ? files(target, ['']).length > 0 : exists(target);
        if (!known) broken.push(`${path}: ${match[1]}`);
      }
    }
    assert.deepEqual(broken, []);
  });
});

function exists(path: string): boolean {
  try {
    text(path);
    return true;
  } catch (error) {
    // A folder is fine too.
    return (error as NodeJS.ErrnoException).code === 'EISDIR';
  }
}
