// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { root } from './tree.js';

describe('generated code is fresh', () => {
  for (const generator of ['proto/generate-errors.mjs', 'proto/generate.mjs', 'test/conformance/generate.mjs']) {
    it(generator, () => {
      const run = spawnSync(process.execPath, [generator, '--check'], { cwd: root, encoding: 'utf8', timeout: 60_000 });
      assert.equal(run.status, 0, run.stdout + run.stderr);
    });
  }
});
