// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type * as BatchModule from '../../../dist/cli/bench/batch.js';
import type * as LocalParentModule from '../../../dist/cli/bench/local-parent.js';
import type * as LocalWorkModule from '../../../dist/cli/demo/local-work.js';
import { built } from '../built.js';

const { workLocally } = await built<typeof LocalWorkModule>('cli/demo/local-work.js');
const { LocalParent } = await built<typeof LocalParentModule>('cli/bench/local-parent.js');
const { expected } = await built<typeof BatchModule>('cli/bench/batch.js');
const program = fileURLToPath(new URL('../../src/cli/demo/warm_index.py', import.meta.url));

describe('work without farfork, for comparison', () => {
  it('the demo: cold answers, and the same by os.fork()', async () => {
    const queries = [{ key: 'user-000001' }, { key: 'user-030000' }];
    const work = await workLocally(program, queries, { ...process.env, WARM_TABLE_MB: '10' });
    assert.equal(work.answers.length, 2);
    assert.notDeepEqual(work.answers[0], work.answers[1]);
    assert.ok(work.coldMs > 0 && work.records > 30_000);
    assert.ok(work.forkMs.length >= 10 && work.forkMs.every((ms) => ms > 0));
    assert.ok(work.forkAnswerMs.every((ms, index) => ms > (work.forkMs[index] ?? Infinity)));
    await assert.rejects(workLocally(program, [{ key: 'nobody' }], process.env), {
      code: 'INTERNAL',
      detail: /KeyError/,
    });
  });

  it('the benchmark: a parent that forks on command', async () => {
    const parent = await LocalParent.start(10, 4);
    try {
      assert.ok((await parent.forkMs()) > 0);
      const touched = await parent.command('touch 10');
      assert.ok(typeof touched.value === 'number' && touched.value > 2560);
    } finally {
      await parent.stop();
    }
    await assert.rejects(parent.command('fork'), { code: 'PROCESS_EXITED' });
  });

  it('the batch: what a child has to answer depends on its input', () => {
    const answers = new Set(Array.from({ length: 1000 }, (_, index) => expected(index)));
    assert.equal(answers.size, 1000);
    assert.ok([...answers].every((answer) => answer < 1n << 52n));
  });
});
