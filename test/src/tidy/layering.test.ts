// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { files, root, text } from './tree.js';

type Layers = Record<string, string[]>;
const layers = JSON.parse(text('test/layers.json')) as { src: Layers; native: Layers };

interface Edge {
  path: string;
  from: string;
  to: string;
}

/** Imports from one folder of src to another. */
function importEdges(): Edge[] {
  return files('src', ['.ts', '.mjs']).flatMap((path) =>
    [...text(path).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"](\.[^'"]+)['"]/g)].map((match) => {
      const target = normalize(join(dirname(path), match[1] ?? ''));
      return {
        path,
        from: path.split('/')[1] ?? '',
        to: target.startsWith('src/') ? (target.split('/')[1] ?? '') : target,
      };
    }),
  );
}

/** Includes from one folder of native to another. */
function includeEdges(): Edge[] {
  return files('native', ['.h', '.cc', '.c', '.S']).flatMap((path) =>
    [...text(path).matchAll(/^\s*#\s*include\s+"([^"/]+)\/[^"]+"/gm)].map((match) => ({
      path,
      from: path.split('/')[1] ?? '',
      to: match[1] ?? '',
    })),
  );
}

function against(edges: Edge[], allowed: Layers): string[] {
  const wrong = edges.filter(({ from, to }) => from !== to && !allowed[from]?.includes(to));
  return wrong.map(({ path, from, to }) => `${path}: ${from} -> ${to}`);
}

/** A cycle among folders, or null. */
function cycle(graph: Layers): string[] | null {
  const done = new Set<string>();
  const visit = (node: string, trail: string[]): string[] | null => {
    if (trail.includes(node)) return [...trail.slice(trail.indexOf(node)), node];
    if (done.has(node)) return null;
    for (const next of graph[node] ?? []) {
      const found = visit(next, [...trail, node]);
      if (found) return found;
    }
    done.add(node);
    return null;
  };
  for (const node of Object.keys(graph)) {
    const found = visit(node, []);
    if (found) return found;
  }
  return null;
}

describe('layering', () => {
  it('of src follows test/layers.json', () => {
    const edges = importEdges();
    assert.ok(edges.length > 0);
    assert.deepEqual(against(edges, layers.src), []);
  });

  it('of native follows test/layers.json', () => {
    const edges = includeEdges();
    assert.ok(edges.length > 0);
    assert.deepEqual(against(edges, layers.native), []);
  });

  it('has no cycles', () => {
    assert.equal(cycle(layers.src), null);
    assert.equal(cycle(layers.native), null);
    assert.deepEqual(cycle({ a: ['b'], b: ['c'], c: ['a'] }), ['a', 'b', 'c', 'a']);
  });

  it('keeps the control plane from the data plane', () => {
    for (const folder of ['coordinator', 'scheduler', 'store', 'sdk']) {
      // A Node parent's SDK reaches its OpenSSL through the addon.
      if (folder !== 'sdk') assert.ok(!layers.src[folder]?.includes('native'), folder);
      assert.ok(!layers.src[folder]?.includes('agent'), folder);
    }
  });

  it('names folders that exist', () => {
    for (const [top, folders] of [['src', layers.src] as const, ['native', layers.native] as const]) {
      for (const folder of Object.keys(folders)) assert.ok(existsSync(join(root, top, folder)), `${top}/${folder}`);
    }
  });
});
