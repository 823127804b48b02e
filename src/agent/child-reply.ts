// SPDX-License-Identifier: Apache-2.0
import { FarforkError } from '../errors/index.js';
import { type Child, type ForkEvent, ForkEventKind, type Init } from '../proto/index.js';
import type { Frame } from './control-socket.js';

/** The event that a child's frame makes; undefined for frames that say nothing to the requester. */
export function replyEvent(child: Init<Child>, frame: Frame): Init<ForkEvent> | undefined {
  const value = frame['value'];
  const kind = ForkEventKind.KIND_REPLIED;
  if (frame.type === 'reply' && value instanceof Uint8Array) return { kind, child: { ...child }, output: value };
  if (frame.type !== 'error' && frame.type !== 'reply') return undefined;
  const seen = frame.type === 'error' ? String(frame['message']) : 'its reply has no value of type bin';
  const error = new FarforkError('CHILD_REPLIED_ERROR', 'sdk.reply', `child ${child.childId ?? ''}`, seen);
  return { kind, child: { ...child, error: error.toDetail() } };
}
