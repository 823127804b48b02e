// SPDX-License-Identifier: Apache-2.0
import { UsageError } from './usage-error.js';

const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `500ms`, `30s`, `10m`, `2h`, `1d`, or a bare number of seconds. Milliseconds, whole and above zero. Throws UsageError. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  const value = Math.round(Number(match?.[1]) * (UNIT_MS[match?.[2] ?? 's'] ?? 0));
  // One that does not fit a 32-bit timer would fire at once.
  if (!match || value <= 0 || value > 2 ** 31 - 1) {
    throw new UsageError(`«${text}» is not a duration: write 500ms, 30s, 10m or 2h`);
  }
  return value;
}

/** A whole number in `least`..`most`. Throws UsageError. */
export function parseCount(text: string, name: string, least = 1, most = 1_000_000): number {
  const value = Number(text);
  if (!/^\d+$/.test(text.trim()) || value < least || value > most) {
    throw new UsageError(`${name} must be a whole number from ${least} to ${most}, not «${text}»`);
  }
  return value;
}
