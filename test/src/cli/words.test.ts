// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as DurationModule from '../../../dist/cli/duration.js';
import type * as LinePrefixerModule from '../../../dist/cli/line-prefixer.js';
import type * as SettingsModule from '../../../dist/cli/settings.js';
import type * as StatisticsModule from '../../../dist/cli/statistics.js';
import type * as TableModule from '../../../dist/cli/table.js';
import { built } from '../built.js';

const durations = await built<typeof DurationModule>('cli/duration.js');
const settings = await built<typeof SettingsModule>('cli/settings.js');
const tables = await built<typeof TableModule>('cli/table.js');
const prefixes = await built<typeof LinePrefixerModule>('cli/line-prefixer.js');
const statistics = await built<typeof StatisticsModule>('cli/statistics.js');

describe('command line: values', () => {
  it('reads durations', () => {
    const cases = { '500ms': 500, '30s': 30_000, '10m': 600_000, '2h': 7_200_000, '1d': 86_400_000, '45': 45_000 };
    for (const [text, ms] of Object.entries({ ...cases, '1.5s': 1500 }))
      assert.equal(durations.parseDuration(text), ms);
    for (const text of ['', 'ten', '-1s', '0', '5 m', '1w', '99d', 'Infinity']) {
      assert.throws(() => durations.parseDuration(text), { name: 'UsageError' }, text);
    }
  });

  it('reads counts within their bounds', () => {
    assert.equal(durations.parseCount('50', 'n'), 50);
    for (const text of ['0', '-3', '1.5', '1e3', 'x', '', '2000000']) {
      assert.throws(() => durations.parseCount(text, 'n'), { name: 'UsageError' }, text);
    }
  });

  it('takes the endpoint from flag, environment, file and default, in this order', () => {
    const folder = mkdtempSync(join(tmpdir(), 'farfork-test-'));
    try {
      const file = join(folder, 'farfork.json');
      writeFileSync(file, '{"endpoint": "file:1"}');
      const env = { FARFORK_ENDPOINT: 'environment:2', HOME: folder };
      assert.equal(settings.resolveEndpoint('flag:3', file, env), 'flag:3');
      assert.equal(settings.resolveEndpoint(undefined, file, env), 'environment:2');
      assert.equal(settings.resolveEndpoint(undefined, file, { HOME: folder }), 'file:1');
      assert.equal(settings.resolveEndpoint(undefined, undefined, { HOME: folder }), '127.0.0.1:7070');
      for (const bad of ['{', '[]', '{"endpoint": 7}', '{"endpont": "a:1"}', '{"endpoint": "nowhere"}']) {
        writeFileSync(file, bad);
        assert.throws(() => settings.resolveEndpoint(undefined, file, {}), { name: 'UsageError' }, bad);
      }
      assert.throws(() => settings.resolveEndpoint(undefined, join(folder, 'none'), {}), { name: 'UsageError' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('knows an address', () => {
    for (const good of ['localhost:7070', '127.0.0.1:1', '[::1]:7070', 'unix:/run/farfork.sock']) {
      assert.equal(settings.checkEndpoint(good), good);
    }
    for (const bad of ['', 'localhost', ':7070', 'host:99999', 'unix:relative', 'http://host:1']) {
      assert.throws(() => settings.checkEndpoint(bad), { name: 'UsageError' }, bad);
    }
  });
});

describe('command line: text', () => {
  it('aligns tables, numbers to the right', () => {
    const text = tables.formatTable(
      ['NAME', 'PAGES'],
      [
        ['a', 5],
        ['longer', 1234],
      ],
    );
    assert.equal(text, 'NAME    PAGES\na           5\nlonger   1234');
  });

  it('says sizes and times in their unit', () => {
    assert.deepEqual([0, 1023, 1024, 5 * 2 ** 20, 2 ** 40].map(tables.formatBytes), [
      '0 B',
      '1023 B',
      '1.0 KiB',
      '5.0 MiB',
      '1.0 TiB',
    ]);
    assert.deepEqual([0.41234, 12.345, 250.4, 2100].map(tables.formatMs), ['0.412 ms', '12.3 ms', '250 ms', '2.10 s']);
  });

  it('prefixes whole lines, however they arrive', () => {
    let seen = '';
    const prefixer = new prefixes.LinePrefixer('c1: ', (line) => (seen += Buffer.from(line).toString()));
    for (const piece of ['one\ntw', 'o\n', '\nrest']) prefixer.write(Buffer.from(piece));
    assert.equal(seen, 'c1: one\nc1: two\nc1: \n');
    prefixer.flush();
    prefixer.flush();
    assert.equal(seen, 'c1: one\nc1: two\nc1: \nc1: rest\n');
  });

  it('takes percentiles between neighbours', () => {
    assert.equal(statistics.median([3, 1, 2]), 2);
    assert.equal(statistics.percentile([10, 20], 0.25), 12.5);
    assert.ok(Number.isNaN(statistics.median([])));
  });
});
