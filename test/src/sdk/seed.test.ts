// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FakeAgent } from './fake-agent.js';
import { errors } from './under-test.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const example = join(root, 'src/sdk/typescript/examples/parent.mjs');

function run(code: string, environment: Record<string, string> = {}): FakeAgent {
  const program = `import * as farfork from ${JSON.stringify(join(root, 'dist/sdk/typescript/index.js'))};\n${code}`;
  return new FakeAgent(process.execPath, ['--input-type=module', '-e', program], environment);
}

const SHOW = `
await farfork.seed({ name: 's', ttlMs: 5000 }).then(
  (role) => console.log(JSON.stringify(role)),
  (error) => console.log(error.code, error.detail));
`;

describe('seed() for Node parents', () => {
  it('is parent', async () => {
    const agent = run(SHOW);
    assert.deepEqual(await agent.seedFrame(), { type: 'seed', name: 's', ttl_ms: 5000 });
    agent.send({ type: 'role', role: 'parent', seed: 'sd_9' });
    const { code, out, err } = await agent.end();
    assert.equal(code, 0, err);
    assert.deepEqual(JSON.parse(out), { kind: 'parent', seedId: 'sd_9' });
  });

  it('is child', async () => {
    const agent = run(SHOW);
    await agent.seedFrame();
    agent.sendChild({ key: [1, null] }, 7);
    const { out } = await agent.end();
    assert.deepEqual(JSON.parse(out), {
      kind: 'child',
      seedId: 'sd_1',
      childId: 'ch_1',
      index: 7,
      input: { key: [1, null] },
    });
  });

  it('rejects with the error that prepare met', async () => {
    const agent = run(SHOW);
    await agent.seedFrame();
    agent.send({ type: 'error', code: 'STATE_NOT_CARRIED', message: 'fd 5 (eventpoll)' });
    assert.equal((await agent.end()).out, 'STATE_NOT_CARRIED fd 5 (eventpoll)\n');
    const error = new errors.FarforkError('STATE_NOT_CARRIED', 'capture.validate', 'fd 5 (eventpoll)', '');
    const sentence = run(SHOW);
    await sentence.seedFrame();
    sentence.send({ type: 'error', code: error.code, message: error.message });
    assert.equal((await sentence.end()).out, 'STATE_NOT_CARRIED at capture.validate for fd 5 (eventpoll)\n');
  });

  it('rejects when the agent is gone or speaks another protocol', async () => {
    const gone = run(SHOW);
    await gone.seedFrame();
    gone.socket.end();
    assert.match((await gone.end()).out, /^UNAVAILABLE /);
    for (const frame of ['ffffffff', '01000000c1', '0100000005', '0100000080']) {
      const odd = run(SHOW);
      await odd.seedFrame();
      odd.socket.write(Buffer.from(frame, 'hex'));
      assert.match((await odd.end()).out, /^CONTROL_PROTOCOL /);
    }
    assert.match((await run(SHOW, { FARFORK_PROTOCOL: '2' }).end()).out, /^CONTROL_PROTOCOL .* protocol 2,/);
  });

  it('rejects outside farfork', async () => {
    assert.match((await run(`delete process.env.FARFORK_CONTROL_FD;${SHOW}`).end()).out, /^NOT_UNDER_FARFORK /);
    assert.match((await run(SHOW, { FARFORK_CONTROL_FD: '99' }).end()).out, /^NOT_UNDER_FARFORK EBADF/);
  });

  it('runs hooks', async () => {
    const hooks = `
      farfork.beforePrepare(() => console.log('before 1'));
      farfork.beforePrepare(async () => console.log('before 2'));
      farfork.afterPrepare(() => console.log('after'));
      farfork.afterResume((role) => console.log('resumed', role.index));
      await farfork.seed();`;
    const child = run(hooks);
    await child.seedFrame();
    child.sendChild(undefined, 3);
    assert.equal((await child.end()).out, 'before 2\nbefore 1\nresumed 3\n');
    const parent = run(hooks);
    await parent.seedFrame();
    parent.send({ type: 'role', role: 'parent', seed: 'sd_1' });
    assert.equal((await parent.end()).out, 'before 2\nbefore 1\nafter\n');
  });

  it('serves', async () => {
    const serve = `await farfork.serve((input) => { if (input === 0) throw new Error('no'); return 10 / input; });`;
    const good = run(serve);
    await good.seedFrame();
    good.sendChild(5);
    assert.equal(await good.replyValue(), 2);
    assert.equal((await good.end()).code, 0);
    const bad = run(serve);
    await bad.seedFrame();
    bad.sendChild(0);
    assert.deepEqual(await bad.receive(), { type: 'error', message: 'no' });
    assert.equal((await bad.end()).code, 1);
  });

  it('serves on as parent until told to stop', async () => {
    const agent = run(`
      setImmediate(() => console.log('waiting'));
      await farfork.serve(() => 1);
      console.log('stopped');`);
    await agent.seedFrame();
    agent.send({ type: 'role', role: 'parent', seed: 'sd_1' });
    await agent.printed('waiting');
    agent.process.kill('SIGTERM');
    assert.deepEqual(await agent.end(), { code: 0, out: 'waiting\nstopped\n', err: '' });
  });

  it('replies in a child only', async () => {
    const agent = run(`try { farfork.reply(1) } catch (error) { console.log(error.code) }`);
    assert.equal((await agent.end()).out, 'INVALID_ARGUMENT\n');
  });

  it('example: parent.mjs says what is not carried', async () => {
    const agent = new FakeAgent(process.execPath, [example]);
    assert.equal((await agent.seedFrame())['name'], 'fake');
    agent.send({ type: 'error', code: 'STATE_NOT_CARRIED', message: 'fd 9 (anon_inode:[eventpoll])' });
    const { code, err } = await agent.end();
    assert.equal(code, 4);
    assert.match(err, /^no seed: STATE_NOT_CARRIED: .*eventpoll/);
  });
});
