// SPDX-License-Identifier: Apache-2.0
// Makes docs/conformance.md of the programs' first lines; with --check only says whether it is fresh.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const folder = new URL('.', import.meta.url);
const output = new URL('../../docs/conformance.md', import.meta.url);
const titles = {
  channels: 'Pipes and sockets',
  files: 'Descriptors',
  memory: 'Memory',
  process: 'Process attributes, trees and System V objects',
  threads: 'Threads and signals',
  time: 'Clocks and timers',
};
const outcomes = ['carried', 'policy', 'refused'];

function programsOf(family) {
  const names = readdirSync(new URL(`${family}/`, folder)).filter((name) => name.endsWith('.c'));
  return names.sort().map((name) => {
    const text = readFileSync(new URL(`${family}/${name}`, folder), 'utf8');
    const [, outcome, title] = /^\/\/ (carried|policy|refused): (.+)$/m.exec(text) ?? [];
    if (!outcome) throw new Error(`${family}/${name} does not say what to expect of it`);
    return { name: name.slice(0, -'.c'.length), outcome, title };
  });
}

const families = Object.keys(titles).map((family) => ({ family, programs: programsOf(family) }));
const all = families.flatMap(({ programs }) => programs);
const counts = outcomes.map((outcome) => `${all.filter((each) => each.outcome === outcome).length} ${outcome}`);

const lines = [
  '# Conformance',
  '',
  'One small program a kernel object, in `test/conformance`: it sets the object up, is prepared, forked onto another node,',
  'and checks the object in the child and then in the parent. `npm test -- --only mocha --grep conformance` runs them.',
  'This page is generated from their first lines (`npm run generate`).',
  '',
  'carried: the child finds the object as the parent left it. policy: the child finds a documented replacement',
  '([concepts](concepts.md)). refused: prepare names the object, and the parent goes on.',
  '',
  `${all.length} programs: ${counts.join(', ')}.`,
];
for (const { family, programs } of families) {
  lines.push('', `## ${titles[family]}`, '', '| program | object | outcome |', '| --- | --- | --- |');
  for (const { name, title, outcome } of programs) lines.push(`| \`${family}/${name}\` | ${title} | ${outcome} |`);
}
const text = `${lines.join('\n')}\n`;

if (process.argv.includes('--check')) {
  if (readFileSync(output, 'utf8') !== text) {
    console.error('docs/conformance.md is not what test/conformance/generate.mjs makes: npm run generate');
    process.exit(1);
  }
} else {
  writeFileSync(output, text);
}
