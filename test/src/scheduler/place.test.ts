// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { NodeView, PlacementRequest } from '../../../dist/scheduler/index.js';
import type * as SchedulerModule from '../../../dist/scheduler/index.js';
import { built } from '../built.js';

const { minimumMemoryBytes, place } = await built<typeof SchedulerModule>('scheduler/index.js');

const GIB = 2 ** 30;
const node = (name: string, fields: Partial<NodeView> = {}): NodeView => ({
  name,
  state: 'ready',
  children: 0,
  memoryAvailableBytes: 8 * GIB,
  ...fields,
});
const want = (fields: Partial<PlacementRequest> = {}): PlacementRequest => ({
  count: 1,
  nodes: [],
  openOn: new Set<string>(),
  ...fields,
});
const placed = (nodes: NodeView[], request: PlacementRequest): string[] => {
  const placement = place({ nodes }, request);
  assert.ok(placement.ok, JSON.stringify(placement));
  return placement.nodes;
};
const refused = (nodes: NodeView[], request: PlacementRequest): string => {
  const placement = place({ nodes }, request);
  assert.ok(!placement.ok);
  assert.ok(placement.detail.length > 0 && placement.object.length > 0);
  return placement.code;
};

/** mulberry32: the same numbers on every run, so that a failure can be seen again. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function randomCluster(random: (below: number) => number): NodeView[] {
  return Array.from({ length: 1 + random(12) }, (_, index) =>
    node(`n${index}`, {
      state: (['ready', 'ready', 'ready', 'draining', 'lost'] as const)[random(5)]!,
      children: random(20),
      memoryAvailableBytes: random(5) * GIB,
    }),
  );
}

describe('place, spreading', () => {
  it('fills the emptiest first, then memory, then where the seed is open, then by name', () => {
    assert.deepEqual(placed([node('a', { children: 2 }), node('b', { children: 1 })], want()), ['b']);
    const memory = [node('a', { memoryAvailableBytes: 3 * GIB }), node('b', { memoryAvailableBytes: 6 * GIB })];
    assert.deepEqual(placed(memory, want()), ['b']);
    assert.deepEqual(placed([node('a'), node('b')], want({ openOn: new Set(['b']) })), ['b']);
    assert.deepEqual(placed([node('b'), node('a')], want()), ['a']);
    assert.deepEqual(placed([node('a'), node('b', { children: 1 })], want({ count: 3 })), ['a', 'a', 'b']);
  });

  it('says why nothing can be placed', () => {
    assert.equal(refused([], want()), 'NO_CAPACITY');
    assert.equal(refused([node('a', { state: 'lost' }), node('b', { state: 'draining' })], want()), 'NO_CAPACITY');
    assert.equal(refused([node('a', { memoryAvailableBytes: minimumMemoryBytes - 1 })], want()), 'NO_CAPACITY');
  });

  it('holds its properties on random clusters', () => {
    const random = numbers(20231023);
    for (let round = 0; round < 500; round += 1) {
      const nodes = randomCluster(random);
      const request = want({ count: 1 + random(60), openOn: new Set([`n${random(12)}`]) });
      const before = structuredClone(nodes);
      const placement = place({ nodes }, request);
      assert.deepEqual(nodes, before, 'the snapshot was changed');
      assert.deepEqual(place({ nodes }, request), placement, 'the same input gave another answer');
      const usable = nodes.filter((each) => each.state === 'ready' && each.memoryAvailableBytes >= minimumMemoryBytes);
      assert.equal(placement.ok, usable.length > 0);
      if (!placement.ok) continue;
      assert.equal(placement.nodes.length, request.count);
      const after = new Map(usable.map((each) => [each.name, each.children]));
      for (const name of placement.nodes) after.set(name, (after.get(name) ?? NaN) + 1);
      const chosen = usable.filter((each) => placement.nodes.includes(each.name));
      const fullest = Math.max(...chosen.map((each) => after.get(each.name)!));
      // No child went to a node while another had at least two fewer: the spread is even.
      for (const each of usable) assert.ok(after.get(each.name)! >= fullest - 1, `round ${round}`);
    }
  });
});

describe('place, pinned', () => {
  it('goes round robin over the named nodes, full or not', () => {
    const nodes = [node('a', { children: 99, memoryAvailableBytes: 0 }), node('b'), node('c')];
    assert.deepEqual(placed(nodes, want({ count: 5, nodes: ['b', 'a'] })), ['b', 'a', 'b', 'a', 'b']);
  });

  it('refuses the whole request when one name cannot be used', () => {
    const nodes = [node('a'), node('drained', { state: 'draining' }), node('gone', { state: 'lost' })];
    assert.equal(refused(nodes, want({ nodes: ['a', 'nowhere'] })), 'NODE_NOT_FOUND');
    assert.equal(refused(nodes, want({ nodes: ['a', 'drained'] })), 'NODE_DRAINING');
    assert.equal(refused(nodes, want({ nodes: ['gone'] })), 'NODE_UNAVAILABLE');
  });

  it('is even for every count', () => {
    const random = numbers(7);
    for (let round = 0; round < 100; round += 1) {
      const names = Array.from({ length: 1 + random(8) }, (_, index) => `n${index}`);
      const nodes = placed(
        names.map((name) => node(name)),
        want({ count: 1 + random(40), nodes: names }),
      );
      const counts = names.map((name) => nodes.filter((each) => each === name).length);
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1);
    }
  });
});

it('places 10,000 children on 1,000 nodes in well under a second', () => {
  const random = numbers(1);
  const nodes = Array.from({ length: 1000 }, (_, index) => node(`n${index}`, { children: random(30) }));
  const started = process.hrtime.bigint();
  assert.equal(placed(nodes, want({ count: 10_000 })).length, 10_000);
  assert.ok(process.hrtime.bigint() - started < 1_000_000_000n);
});
