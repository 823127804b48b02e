// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/** From /proc/PID/smaps_rollup (proc_pid_smaps(5)), in bytes. */
export interface ProcessMemory {
  rss: number;
  /** Its proportional share of everything that it maps. */
  pss: number;
  /** Of that, private copies and zero-filled memory: nobody else's. */
  pssAnon: number;
  /** Of that, its share of files such as libraries. */
  pssFile: number;
}

export function processMemory(pid: number): ProcessMemory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const field = (name: string): number =>
    1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0);
  return { rss: field('Rss'), pss: field('Pss'), pssAnon: field('Pss_Anon'), pssFile: field('Pss_File') };
}
