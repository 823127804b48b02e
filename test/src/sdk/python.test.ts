// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { packValue as pack, unpackValue as unpack } from 'farfork';
import { values } from './vectors.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const env = { ...process.env, PYTHONPATH: `${root}src/sdk/python`, PYTHONDONTWRITEBYTECODE: '1' };

const TRANSCODE = `
import sys
from farfork.msgpack import pack, unpack
for line in sys.stdin:
    print(pack(unpack(bytes.fromhex(line))).hex())
`;

describe('Python SDK', function () {
  this.timeout(180_000);

  for (const suite of ['test_msgpack', 'test_seed']) {
    it(suite, () => {
      const run = spawnSync('python3', ['-W', 'error::ResourceWarning', '-m', 'unittest', suite], {
        cwd: `${root}test/python`,
        env,
        encoding: 'utf8',
        timeout: 170_000,
      });
      assert.equal(run.status, 0, run.stdout + run.stderr);
    });
  }

  it('carries what msgpackr packs, and msgpackr what it packs', () => {
    const input = values.map((value) => pack(value).toString('hex')).join('\n');
    const run = spawnSync('python3', ['-c', TRANSCODE], {
      env,
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      timeout: 170_000,
    });
    assert.equal(run.status, 0, run.stderr);
    const lines = run.stdout.trimEnd().split('\n');
    assert.equal(lines.length, values.length);
    lines.forEach((line, index) => assert.deepEqual(unpack(Buffer.from(line, 'hex')), unpack(pack(values[index]))));
  });

  it('carries dates both ways', () => {
    for (const moment of ['2024-02-29T12:00:00.123Z', '1969-12-31T23:59:59.999Z', '2500-01-01T00:00:00.000Z']) {
      const input = pack(new Date(moment)).toString('hex');
      const run = spawnSync('python3', ['-c', TRANSCODE], { env, input, encoding: 'utf8', timeout: 170_000 });
      assert.equal(run.status, 0, run.stderr);
      assert.equal((unpack(Buffer.from(run.stdout.trim(), 'hex')) as Date).toISOString(), moment);
    }
  });
});
