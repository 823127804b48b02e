// SPDX-License-Identifier: Apache-2.0
/** A module of dist/, e.g. built<typeof Durations>('cli/duration.js') with `import type * as Durations`. */
export function built<T>(path: string): Promise<T> {
  return import(new URL(`../dist/${path}`, import.meta.url).href) as Promise<T>;
}
