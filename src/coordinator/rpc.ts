// SPDX-License-Identifier: Apache-2.0
/** Handlers as async functions: deadlines, cancellation and catalogue errors around them. */
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerUnaryCall,
  type ServerWritableStream,
  status,
} from '@grpc/grpc-js';
import { asFarforkError, FarforkError, toGrpc } from '../errors/index.js';

/** What a handler may look at besides its request. */
export interface CallContext {
  /** When the call ends at the latest. */
  deadlineUnixMs: number;
  /** Aborted, with the FarforkError that ends the call, when its client gave up or its deadline came. */
  signal: AbortSignal;
}

/** A call without a deadline of its client's gets this one. */
export type DefaultDeadline<Request> = number | ((request: Request) => number);

/** Node's timers take 31 bits. */
const longestTimerMs = 2 ** 31 - 1;

type AnyCall<Request> = ServerUnaryCall<Request, unknown> | ServerWritableStream<Request, unknown>;

class CallScope {
  readonly context: CallContext;
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;

  constructor(call: AnyCall<unknown>, name: string, defaultMs: number) {
    const given = call.getDeadline();
    const clientMs = (typeof given === 'number' ? given : given.getTime()) - Date.now();
    const remainingMs = Math.min(Number.isFinite(clientMs) ? clientMs : defaultMs, longestTimerMs);
    this.context = { deadlineUnixMs: Date.now() + remainingMs, signal: this.controller.signal };
    this.timer = setTimeout(() => {
      const seen = `it took more than ${Math.round(remainingMs)} ms`;
      this.controller.abort(new FarforkError('DEADLINE_EXCEEDED', 'rpc', name, seen));
    }, remainingMs);
    call.on('cancelled', () => this.cancel(name));
  }

  /** Rejects when the call is over before `work` is. */
  run<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.controller;
    return new Promise<T>((resolve, reject) => {
      const stop = (): void => reject(signal.reason as Error);
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
    });
  }

  end(): void {
    clearTimeout(this.timer);
  }

  private cancel(name: string): void {
    clearTimeout(this.timer);
    this.controller.abort(new FarforkError('CANCELLED', 'rpc', name, 'the client gave up'));
  }
}

function limitOf<Request>(limit: DefaultDeadline<Request>, request: Request): number {
  return typeof limit === 'function' ? limit(request) : limit;
}

export function unary<Request, Response>(
  name: string,
  defaultDeadlineMs: DefaultDeadline<Request>,
  handler: (request: Request, context: CallContext) => Promise<Response> | Response,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const scope = new CallScope(call, name, limitOf(defaultDeadlineMs, call.request));
    scope
      .run(Promise.resolve().then(() => handler(call.request, scope.context)))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(toGrpc(asFarforkError(error, 'rpc', name))),
      )
      .finally(() => scope.end());
  };
}

/** The handler resolves when the stream is to end; `write` never blocks, `ready` resolves once the client keeps up. */
export interface Outlet<Response> {
  write: (response: Response) => void;
  ready: () => Promise<void>;
}

/** What a client may leave unread before its stream is ended. */
const maxUnreadBytes = 64 * 2 ** 20;

export function serverStream<Request, Response>(
  name: string,
  defaultDeadlineMs: DefaultDeadline<Request>,
  handler: (request: Request, outlet: Outlet<Response>, context: CallContext) => Promise<void>,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    const scope = new CallScope(call, name, limitOf(defaultDeadlineMs, call.request));
    let isOver = false;
    const fail = (error: unknown): void => {
      if (isOver) return;
      isOver = true;
      scope.end();
      const { code, details, metadata } = toGrpc(asFarforkError(error, 'rpc', name));
      call.emit('error', { code: code === status.OK ? status.INTERNAL : code, details, metadata });
    };
    const outlet: Outlet<Response> = {
      write: (response) => {
        if (isOver || scope.context.signal.aborted) return;
        call.write(response);
        if (call.writableLength > maxUnreadBytes) {
          fail(new FarforkError('RESOURCE_EXHAUSTED', 'rpc', name, 'the client does not read its stream'));
        }
      },
      ready: async () => {
        if (!isOver && call.writableNeedDrain) await scope.run(new Promise((resolve) => call.once('drain', resolve)));
      },
    };
    scope.run(handler(call.request, outlet, scope.context)).then(() => {
      if (isOver) return;
      isOver = true;
      scope.end();
      call.end();
    }, fail);
  };
}

/** Rejects with DEADLINE_EXCEEDED unless `work` is done in time. */
export async function within<T>(work: Promise<T>, limitMs: number, stage: string, object: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new FarforkError('DEADLINE_EXCEEDED', stage, object, `no answer within ${limitMs} ms`)),
      Math.min(limitMs, longestTimerMs),
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
