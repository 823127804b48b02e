// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { assertUnharmed, farfork, needCluster, Program, root, startUp, until } from './harness.js';

/** Root, but for the capability to trace whoever has more than it (ptrace(2), "Ptrace access mode checking"). */
const WITHOUT_PTRACE = ['setpriv', '--bounding-set', '-sys_ptrace', '--inh-caps', '-sys_ptrace'];

describe('an agent without permission', function () {
  this.timeout(60_000);
  before(function () {
    needCluster(this);
  });

  it('refuses to prepare, names why, and leaves the process as it was', async () => {
    const parent = Program.start('python3', `${root}test/programs/threads_count.py`);
    const up = await startUp(['--endpoint', '127.0.0.1:0', '--nodes', '1'], WITHOUT_PTRACE);
    try {
      await until('the parent counts', () => parent.lines.length > 5);
      const ran = await farfork(up.endpoint, 'prepare', '--pid', `${parent.pid}`);
      assert.match(ran.err, /^error: PERMISSION_DENIED: .*\n.* for pid \d+: /m);
      assert.equal(ran.status, 1);
      await assertUnharmed(parent);
    } finally {
      up.process.kill('SIGINT');
      await once(up.process, 'exit');
      await parent.stop();
    }
  });
});
