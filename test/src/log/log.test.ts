// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type * as LogModule from '../../../dist/log/index.js';
import { built } from '../built.js';

const { createLogger } = await built<typeof LogModule>('log/index.js');

describe('log', () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  beforeEach(() => void lines.splice(0));

  it('writes one JSON object a line', () => {
    const log = createLogger('agent', { json: true, write, level: 'info' }).with({ node: 'n1' });
    log.warn('two\nlines', { count: 2 });
    log.debug('unseen');
    assert.equal(lines.length, 1);
    assert.equal(lines[0]!.indexOf('\n'), lines[0]!.length - 1);
    const { time, ...rest } = JSON.parse(lines[0]!) as Record<string, unknown>;
    assert.ok(!Number.isNaN(Date.parse(String(time))));
    assert.deepEqual(rest, { level: 'warn', component: 'agent', message: 'two\nlines', node: 'n1', count: 2 });
  });

  it('writes text for a person', () => {
    createLogger('agent', { json: false, write, level: 'debug' }).debug('hello', { pid: 7 });
    assert.match(lines[0]!, /^\d\d:\d\d:\d\d\.\d{3} debug agent: hello pid=7\n$/);
  });
});
