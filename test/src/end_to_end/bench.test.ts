// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { farfork, needCluster } from './harness.js';

describe('bench', function () {
  this.timeout(90_000);
  before(function () {
    needCluster(this);
  });

  it('batch: a line a figure, with the fixed keys and names; every answer of 1,000 children is checked', async () => {
    const ran = await farfork('', 'bench', 'batch', '--json');
    assert.equal(ran.status, 0, ran.err);
    const figures = ran.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const figure of figures) {
      const keys = ['bench', 'figure', 'value', 'unit', 'n', 'spread', 'reference'];
      assert.deepEqual(Object.keys(figure), keys);
      assert.ok(typeof figure['value'] === 'number' && figure['value'] > 0);
    }
    assert.ok(figures.some((figure) => figure['figure'] === 'batch_1000_children_per_s'));
  });

  it('refuses a benchmark that it does not have', async () => {
    const ran = await farfork('', 'bench', 'nothing');
    assert.equal(ran.status, 2);
    assert.match(ran.err, /there are: resume, batch/);
  });
});
