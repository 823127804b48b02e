// SPDX-License-Identifier: Apache-2.0
import { performance } from 'node:perf_hooks';
import type { ErrorDetail } from '../../errors/index.js';
import { type Client, ForkEventKind, type ForkRequestOptions } from '../../sdk/typescript/client.js';
import { packValue, unpackValue } from '../../sdk/typescript/payload.js';

/** What became of one child. */
export interface ChildResult {
  index: number;
  childId: string;
  node: string;
  hostPid: number;
  /** Request at the agent until its first own instruction. */
  resumeMs: number | undefined;
  /** Request at this process until STARTED came back, and until the answer did. */
  startedMs: number | undefined;
  answerMs: number | undefined;
  answer: unknown;
  error: ErrorDetail | undefined;
}

/**
 * Forks one child for each input and waits until each answered, failed or ended. Never rejects for a single child.
 * `onStarted` runs once, when the first child has started.
 */
export async function forkAndAsk(
  client: Client,
  request: ForkRequestOptions,
  inputs: unknown[],
  onStarted?: () => void,
): Promise<ChildResult[]> {
  const results = new Map<number, ChildResult>();
  const began = performance.now();
  const options = {
    inheritFiles: true,
    ...request,
    count: inputs.length,
    inputs: inputs.map(packValue),
    wantReplies: true,
  };
  for await (const event of client.fork(options)) {
    const child = event.child;
    if (!child) continue;
    const elapsed = performance.now() - began;
    const result = results.get(child.index) ?? emptyResult(child.index);
    results.set(child.index, result);
    result.childId = child.childId;
    result.node = child.node;
    if (event.kind === ForkEventKind.KIND_STARTED) {
      result.hostPid = child.hostPid;
      result.resumeMs = child.resumeMs;
      result.startedMs = elapsed;
      onStarted?.();
      onStarted = undefined;
    } else if (event.kind === ForkEventKind.KIND_REPLIED && child.error?.code) {
      result.error = child.error;
    } else if (event.kind === ForkEventKind.KIND_REPLIED) {
      result.answer = unpackValue(event.output);
      result.answerMs = elapsed;
    } else if (result.answerMs === undefined && child.error?.code) {
      result.error = child.error;
    } else if (result.answerMs === undefined && event.kind === ForkEventKind.KIND_EXITED) {
      const detail = `it ended with ${child.exitCode} before it answered`;
      result.error = { code: 'CHILD_EXITED', stage: 'demo.ask', object: child.childId, detail };
    }
  }
  return inputs.map((_, index) => results.get(index) ?? emptyResult(index));
}

function emptyResult(index: number): ChildResult {
  const unknown = { resumeMs: undefined, startedMs: undefined, answerMs: undefined, error: undefined };
  return { index, childId: '', node: '', hostPid: 0, answer: undefined, ...unknown };
}
