// SPDX-License-Identifier: Apache-2.0
/** The value below which `share` (0..1) of the values lie, between neighbours by proportion. NaN when there are none. */
export function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}

export function median(values: number[]): number {
  return percentile(values, 0.5);
}

export function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
