// SPDX-License-Identifier: Apache-2.0
import { FarforkError } from '../errors/index.js';
import type { Client, Parent, RunOptions, Seed } from '../sdk/typescript/client.js';

/** Starts a parent that uses an SDK and waits until it has made a seed of itself. */
export async function runSeed(client: Client, request: RunOptions): Promise<{ parent: Parent; seed: Seed }> {
  const { parent, seed } = await client.run(request);
  if (!seed.seedId) throw new FarforkError('INTERNAL', 'cli.run', request.name, 'the parent runs, but made no seed');
  return { parent, seed };
}
