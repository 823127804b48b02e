// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as StoreModule from '../../../dist/store/index.js';
import { built } from '../built.js';
import { conformsToStore } from './conformance.js';

const { LmdbStore } = await built<typeof StoreModule>('store/index.js');

async function makePlace() {
  const folder = await mkdtemp(join(tmpdir(), 'farfork-store-'));
  return {
    open: () => Promise.resolve(LmdbStore.open(folder)),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

conformsToStore('LmdbStore', makePlace);

describe('LmdbStore', () => {
  it('names the folder that it cannot use', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'farfork-store-'));
    const folder = join(parent, 'a-file', 'below');
    try {
      await writeFile(join(parent, 'a-file'), '');
      assert.throws(
        () => LmdbStore.open(folder),
        (error: { code?: string; object?: string }) => error.code === 'RESOURCE_EXHAUSTED' && error.object === folder,
      );
    } finally {
      await rm(parent, { recursive: true, force: true });
    }
  });
});
