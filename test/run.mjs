// Runs every suite, even after one fails, and closes with one line: `N passed, N failed, N skipped`.
// `npm test -- --only mocha` (or lint, native) runs one of them; `--grep PATTERN` goes to mocha.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const scratch = mkdtempSync(join(tmpdir(), 'farfork-test-'));
const options = process.argv.slice(2);
const valueOf = (name) => (options.includes(name) ? options[options.indexOf(name) + 1] : undefined);
const only = valueOf('--only');
const totals = { passed: 0, failed: 0, skipped: 0 };

function run(command, args, env = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  return result.status ?? 1;
}

/** One command that counts as one test. */
function single(title, command, args) {
  const status = run(command, args);
  totals[status === 0 ? 'passed' : 'failed'] += 1;
  console.log(`${status === 0 ? 'ok' : 'FAILED'}: ${title}`);
}

function lint() {
  single('eslint', 'npx', ['eslint', '.']);
  single('prettier', 'npx', ['prettier', '--check', '--log-level', 'warn', '.']);
  single('clang-format', 'bash', ['deploy/clang-format.sh', '--check']);
}

function native() {
  const report = join(scratch, 'ctest.xml');
  const status = run('ctest', [
    '--test-dir',
    'native/build',
    '--output-on-failure',
    '--timeout',
    '180',
    '--output-junit',
    report,
  ]);
  if (!existsSync(report)) {
    totals.failed += 1;
    return;
  }
  const attributes = readFileSync(report, 'utf8').match(/<testsuite [^>]*>/)?.[0] ?? '';
  const count = (name) => Number(attributes.match(new RegExp(`${name}="(\\d+)"`))?.[1] ?? 0);
  const failed = Math.max(count('failures'), status === 0 ? 0 : 1);
  const skipped = count('skipped') + count('disabled');
  totals.failed += failed;
  totals.skipped += skipped;
  totals.passed += count('tests') - failed - skipped;
}

function mocha() {
  if (run('npx', ['tsc', '-p', 'test/tsconfig.json']) !== 0) {
    totals.failed += 1;
    return;
  }
  const report = join(scratch, 'mocha.json');
  const grep = valueOf('--grep');
  run('npx', ['mocha', '--config', 'test/mocharc.json', ...(grep ? ['--grep', grep] : [])], {
    FARFORK_MOCHA_REPORT: report,
  });
  if (!existsSync(report)) {
    totals.failed += 1;
    return;
  }
  const stats = JSON.parse(readFileSync(report, 'utf8'));
  totals.passed += stats.passes;
  totals.failed += stats.failures;
  totals.skipped += stats.pending;
}

for (const [name, suite] of Object.entries({ lint, native, mocha })) {
  if (only && only !== name) continue;
  console.log(`\n== ${name}`);
  suite();
}
rmSync(scratch, { recursive: true, force: true });
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;
