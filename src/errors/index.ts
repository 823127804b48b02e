/**
 * Operating errors. Every failure that a user can meet is a FarforkError with a code of the catalogue
 * (proto/errors.json, docs/errors.md), the stage that failed, the object it failed for, and what was seen.
 */
import { Metadata, status, type ServiceError, type StatusObject } from '@grpc/grpc-js';

import { catalogue, type ErrorCode } from './catalogue.gen.js';
import { decodeDetail, encodeDetail, type ErrorDetail } from './detail.js';
import type { CatalogueEntry } from './entry.js';

export { catalogue, type ErrorCode } from './catalogue.gen.js';
export { type ErrorDetail } from './detail.js';
export type { CatalogueEntry } from './entry.js';

/** The trailer that carries an encoded farfork.v1.ErrorDetail. */
export const errorTrailer = 'farfork-error-bin';

/** What native code reports; structurally the NativeError of src/native/binding.ts. */
interface NativeErrorLike {
  code: number;
  stage: string;
  object: string;
  detail: string;
}

const byNumber = new Map<number, ErrorCode>(Object.values(catalogue).map((entry) => [entry.number, entry.code]));

export class FarforkError extends Error {
  override readonly name = 'FarforkError';
  readonly code: ErrorCode;
  /** E.g. "capture.freeze". */
  readonly stage: string;
  /** E.g. "pid 1234". */
  readonly object: string;
  /** What was seen, in words. */
  readonly detail: string;

  constructor(code: ErrorCode, stage: string, object: string, detail: string, options?: ErrorOptions) {
    super(formatMessage(code, stage, object, detail), options);
    this.code = code;
    this.stage = stage;
    this.object = object;
    this.detail = detail;
  }

  /** Cause, advice, exit code and gRPC status of the code. */
  get entry(): CatalogueEntry {
    return catalogue[this.code];
  }

  /** The fields alone, as they travel in messages. */
  toDetail(): ErrorDetail {
    return { code: this.code, stage: this.stage, object: this.object, detail: this.detail };
  }
}

/** "CODE: what failed at STAGE for OBJECT: DETAIL. ADVICE" */
function formatMessage(code: ErrorCode, stage: string, object: string, detail: string): string {
  const { cause, advice } = catalogue[code];
  const where = `${stage ? ` at ${stage}` : ''}${object ? ` for ${object}` : ''}`;
  const seen = detail ? `: ${detail}` : '';
  return `${code}: ${cause.replace(/\.$/, '')}${where}${seen.replace(/\.$/, '')}. ${advice}`;
}

/** True for a name that the catalogue has. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(catalogue, code);
}

/** An error that native code reported; a number that the catalogue lacks becomes INTERNAL. */
export function fromNative(error: NativeErrorLike): FarforkError {
  const code = byNumber.get(error.code);
  if (code) return new FarforkError(code, error.stage, error.object, error.detail, { cause: error });
  const detail = `code ${String(error.code)}: ${error.detail}`;
  return new FarforkError('INTERNAL', error.stage, error.object, detail, { cause: error });
}

/** An error that came as a message's ErrorDetail; unknown codes become INTERNAL. */
export function fromDetail(detail: ErrorDetail): FarforkError {
  if (isErrorCode(detail.code)) return new FarforkError(detail.code, detail.stage, detail.object, detail.detail);
  return new FarforkError('INTERNAL', detail.stage, detail.object, `code ${detail.code}: ${detail.detail}`);
}

function isNative(error: object): error is NativeErrorLike {
  return (
    'code' in error && typeof error.code === 'number' && 'stage' in error && 'object' in error && 'detail' in error
  );
}

function isServiceError(error: object): error is ServiceError {
  return 'code' in error && typeof error.code === 'number' && 'metadata' in error && error.metadata instanceof Metadata;
}

/**
 * Any thrown value as a FarforkError: native rejections and gRPC errors keep their code, anything else is INTERNAL with
 * the given stage and object.
 */
export function asFarforkError(error: unknown, stage = 'internal', object = ''): FarforkError {
  if (error instanceof FarforkError) return error;
  if (typeof error === 'object' && error !== null) {
    if (isNative(error)) return fromNative(error);
    if (isServiceError(error)) return fromGrpc(error);
  }
  const detail = error instanceof Error ? error.message : String(error);
  return new FarforkError('INTERNAL', stage, object, detail, { cause: error });
}

/** What a gRPC handler passes to its callback: status, message, and the structured error as a trailer. */
export function toGrpc(error: unknown): StatusObject {
  const known = asFarforkError(error, 'rpc');
  const metadata = new Metadata();
  metadata.set(errorTrailer, encodeDetail(known.toDetail()));
  return { code: status[known.entry.grpc as keyof typeof status], details: known.message, metadata };
}

/** Statuses that gRPC itself makes, where no farfork process answered. */
const codeOfStatus: Partial<Record<status, ErrorCode>> = {
  [status.CANCELLED]: 'CANCELLED',
  [status.INVALID_ARGUMENT]: 'INVALID_ARGUMENT',
  [status.DEADLINE_EXCEEDED]: 'DEADLINE_EXCEEDED',
  [status.PERMISSION_DENIED]: 'PERMISSION_DENIED',
  [status.UNAUTHENTICATED]: 'PERMISSION_DENIED',
  [status.RESOURCE_EXHAUSTED]: 'RESOURCE_EXHAUSTED',
  [status.UNAVAILABLE]: 'UNAVAILABLE',
};

/** The error behind a failed call: from the trailer, or from the bare status. */
export function fromGrpc(error: ServiceError, object = ''): FarforkError {
  const trailer = error.metadata.get(errorTrailer)[0];
  const detail = Buffer.isBuffer(trailer) ? decodeDetail(trailer) : undefined;
  if (detail && isErrorCode(detail.code)) {
    return new FarforkError(detail.code, detail.stage, detail.object, detail.detail, { cause: error });
  }
  const code = codeOfStatus[error.code] ?? 'INTERNAL';
  return new FarforkError(code, 'rpc', object, error.details || error.message, { cause: error });
}
