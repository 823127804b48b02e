// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { Store } from '../../../dist/store/index.js';

/** A place that holds one store's data, opened any number of times (the coordinators of a cluster). */
export interface Place {
  open: () => Promise<Store>;
  remove: () => Promise<void>;
}

const code = (expected: string) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, expected);
  return true;
};

/** What every Store must do. */
export function conformsToStore(name: string, makePlace: () => Promise<Place>): void {
  describe(`${name} conforms to Store`, () => {
    let place: Place;
    let store: Store;
    let epoch: number;
    beforeEach(async () => {
      place = await makePlace();
      store = await place.open();
      epoch = await store.acquireLeadership();
    });
    afterEach(async () => {
      await store.close();
      await place.remove();
    });

    it('gives what was put, and nothing for what was not', async () => {
      const value = { text: 'é', bytes: Buffer.from([0, 255]), list: [1, 2.5, null], nested: { yes: true } };
      const revision = await store.commit({ epoch, put: [{ key: 'a/1', value }] });
      const record = await store.get('a/1');
      assert.equal(record?.key, 'a/1');
      assert.equal(record.revision, revision);
      const got = record.value as typeof value;
      assert.deepEqual({ ...got, bytes: Buffer.from(got.bytes) }, value);
      assert.equal(await store.get('a/2'), undefined);
    });

    it('deletes, and a deleted key is as if it never was', async () => {
      await store.commit({ epoch, put: [{ key: 'a', value: 1 }] });
      await store.commit({ epoch, delete: ['a', 'never-there'] });
      assert.equal(await store.get('a'), undefined);
      await store.commit({ epoch, expect: [{ key: 'a', revision: 0 }], put: [{ key: 'a', value: 2 }] });
      assert.equal((await store.get('a'))?.value, 2);
    });

    it('lists by prefix in the order of keys, from a key, up to a limit', async () => {
      const keys = ['b/2', 'a/1', 'b/10', 'b', 'b/1', 'c/1', 'b/é', 'b/z', 'b0'];
      await store.commit({ epoch, put: keys.map((key) => ({ key, value: key })) });
      const listed = async (...args: Parameters<Store['list']>) => (await store.list(...args)).map(({ key }) => key);
      assert.deepEqual(await listed('b/'), ['b/1', 'b/10', 'b/2', 'b/z', 'b/é']);
      assert.deepEqual(await listed('b/', { after: 'b/10' }), ['b/2', 'b/z', 'b/é']);
      assert.deepEqual(await listed('b/', { after: 'b/11', limit: 1 }), ['b/2']);
      assert.deepEqual(await listed('b/', { limit: 2 }), ['b/1', 'b/10']);
      assert.equal((await listed('')).length, keys.length);
      assert.deepEqual(await listed('nothing'), []);
    });

    it('has revisions that grow, one a transaction', async () => {
      const first = await store.commit({ epoch, put: [{ key: 'a', value: 1 }] });
      const second = await store.commit({ epoch, put: ['b', 'c'].map((key) => ({ key, value: 2 })) });
      assert.ok(second > first);
      assert.deepEqual(await Promise.all(['a', 'b', 'c'].map(async (key) => (await store.get(key))?.revision)), [
        first,
        second,
        second,
      ]);
    });

    it('writes all or nothing', async () => {
      const revision = await store.commit({ epoch, put: [{ key: 'a', value: 1 }] });
      const wrong = {
        epoch,
        expect: [{ key: 'a', revision: revision + 1 }],
        put: [{ key: 'b', value: 1 }],
        delete: ['a'],
      };
      await assert.rejects(store.commit(wrong), code('FENCED'));
      await assert.rejects(store.commit({ ...wrong, expect: [{ key: 'a', revision: 0 }] }), code('FENCED'));
      assert.equal(await store.get('b'), undefined);
      assert.equal((await store.get('a'))?.value, 1);
      const bad = { epoch, put: ['good', ''].map((key) => ({ key, value: 1 })) };
      await assert.rejects(store.commit(bad), code('INVALID_ARGUMENT'));
      assert.equal(await store.get('good'), undefined);
    });

    it('lets one of many concurrent compare-and-sets win', async () => {
      const from = await store.commit({ epoch, put: [{ key: 'n', value: 0 }] });
      const set = (value: number) =>
        store.commit({ epoch, expect: [{ key: 'n', revision: from }], put: [{ key: 'n', value }] });
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => set(index + 1)));
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
      for (const outcome of outcomes) if (outcome.status === 'rejected') code('FENCED')(outcome.reason);
    });

    it('counts right under concurrent increments that retry', async () => {
      const increment = async (): Promise<void> => {
        for (;;) {
          const now = await store.get('count');
          const expect = [{ key: 'count', revision: now?.revision ?? 0 }];
          const value = ((now?.value as number | undefined) ?? 0) + 1;
          try {
            await store.commit({ epoch, expect, put: [{ key: 'count', value }] });
            return;
          } catch (error) {
            code('FENCED')(error);
          }
        }
      };
      await Promise.all(Array.from({ length: 12 }, increment));
      assert.equal((await store.get('count'))?.value, 12);
    });

    it('fences the old leader once there is a newer one, across openings', async () => {
      await store.commit({ epoch, put: [{ key: 'a', value: 'old' }] });
      const other = await place.open();
      try {
        const newer = await other.acquireLeadership();
        assert.ok(newer > epoch);
        await assert.rejects(store.commit({ epoch, put: [{ key: 'a', value: 'stale' }] }), code('FENCED'));
        await assert.rejects(store.commit({ epoch: newer + 1, put: [{ key: 'a', value: 'future' }] }), code('FENCED'));
        assert.equal((await other.get('a'))?.value, 'old');
        await other.commit({ epoch: newer, put: [{ key: 'a', value: 'new' }] });
        assert.equal((await store.get('a'))?.value, 'new');
      } finally {
        await other.close();
      }
    });

    it('keeps everything over a restart', async () => {
      const revision = await store.commit({ epoch, put: [{ key: 'kept', value: [1, 'x'] }] });
      await store.close();
      store = await place.open();
      const record = await store.get('kept');
      assert.deepEqual(record, { key: 'kept', revision, value: [1, 'x'] });
      const next = await store.acquireLeadership();
      assert.ok(next > epoch);
      assert.ok((await store.commit({ epoch: next, put: [{ key: 'b', value: 1 }] })) > revision);
    });
  });
}
