/** Loads the addon, and says where the two native daemons are. */
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { FarforkError } from '../errors/index.js';
import type { Binding } from './binding.js';

export type * from './binding.js';

/** src/native and dist/native are both two levels below the package. */
const built = new URL('../../native/build/Release/', import.meta.url);
const builtPath = (name: string): string => fileURLToPath(new URL(name, built));

export const addonPath = builtPath('farfork.node');
export const spawnerPath = builtPath('farfork-spawner');
export const pagerPath = builtPath('farfork-pager');

/** The version of the control protocol that this TypeScript was written for (native/control/messages.h). */
const controlVersion = 1;

let loaded: Binding | undefined;

function missing(path: string, seen: string): FarforkError {
  return new FarforkError('CAPABILITY_MISSING', 'native.load', path, `${seen}; build it with: npm run build:native`);
}

/** The addon, loaded once. Throws CAPABILITY_MISSING when it is not built or does not fit this Node.js. */
export function loadBinding(): Binding {
  if (loaded) return loaded;
  let binding: Binding;
  try {
    accessSync(addonPath, constants.R_OK);
    binding = createRequire(import.meta.url)(addonPath) as Binding;
  } catch (error) {
    const seen = error instanceof Error ? error.message : String(error);
    throw missing(addonPath, (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it is not built' : seen);
  }
  if (binding.controlVersion !== controlVersion) {
    throw missing(
      addonPath,
      `it speaks control version ${String(binding.controlVersion)}, not ${String(controlVersion)}`,
    );
  }
  loaded = binding;
  return binding;
}

/** Paths of the two daemons. Throws CAPABILITY_MISSING when one is not built. */
export function daemonPaths(): { spawner: string; pager: string } {
  for (const path of [spawnerPath, pagerPath]) {
    try {
      accessSync(path, constants.X_OK);
    } catch {
      throw missing(path, 'it is not built');
    }
  }
  return { spawner: spawnerPath, pager: pagerPath };
}
