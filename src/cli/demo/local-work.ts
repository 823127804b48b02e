// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { FarforkError } from '../../errors/index.js';

export interface Query {
  key: string;
}
export interface Answer {
  balance: number;
  visits: number;
  checksum: string;
}

/** The same work without farfork, measured in this run. */
export interface LocalWork {
  /** The program's answers, run cold, in the queries' order. */
  answers: Answer[];
  /** From exec until the first answer. */
  coldMs: number;
  records: number;
  /** os.fork() until it returned in the parent, in a process of the same memory. */
  forkMs: number[];
  /** os.fork() until the child's answer was there. */
  forkAnswerMs: number[];
}

const TIMEOUT_MS = 60_000;

/** Runs `program --local` on the queries. Rejects with a FarforkError. */
export async function workLocally(
  program: string,
  queries: Query[],
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<LocalWork> {
  const limits = { timeout: TIMEOUT_MS, killSignal: 'SIGKILL' as const, ...(signal ? { signal } : {}) };
  const child = spawn('python3', [program, '--local'], { stdio: ['pipe', 'pipe', 'pipe'], env, ...limits });
  let text = '';
  let complaint = '';
  child.stdout.on('data', (data: Buffer) => (text += data.toString()));
  child.stderr.on('data', (data: Buffer) => (complaint += data.toString()));
  child.stdin.on('error', () => undefined);
  child.stdin.end(queries.map((query) => `${JSON.stringify(query)}\n`).join(''));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => reject(lacking(error.message)));
    child.once('close', resolve);
  });
  if (status !== 0) throw new FarforkError('INTERNAL', 'demo.local', program, complaint.trim() || `exit ${status}`);
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const numbers = (field: string): number[] => lines.flatMap((line) => (field in line ? [line[field] as number] : []));
  return {
    answers: lines.flatMap((line) => ('cold' in line ? [line['cold'] as Answer] : [])),
    coldMs: numbers('coldMs')[0] ?? NaN,
    records: numbers('records')[0] ?? NaN,
    forkMs: numbers('forkMs'),
    forkAnswerMs: numbers('answerMs'),
  };
}

function lacking(seen: string): FarforkError {
  return new FarforkError('CAPABILITY_MISSING', 'demo.local', 'python3', seen);
}
