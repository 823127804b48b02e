// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import { FarforkError, fromGrpc } from '../../errors/index.js';
import type { Init, Method } from '../../proto/index.js';

export interface CallOptions {
  /** The call's deadline. */
  timeoutMs?: number | undefined;
  /** Aborting cancels the call: it rejects with CANCELLED. */
  signal?: AbortSignal | undefined;
}

const CHANNEL_OPTIONS: grpc.ChannelOptions = {
  // A cluster is reached directly, whatever proxy the environment names.
  'grpc.enable_http_proxy': 0,
  // Inputs and answers may have 64 MiB.
  'grpc.max_receive_message_length': 128 << 20,
  'grpc.max_send_message_length': 128 << 20,
  // Shared subchannels would outlive close().
  'grpc.use_local_subchannel_pool': 1,
};

const GOODBYE_MS = 200;

/** One gRPC connection. Every call has a deadline, every failure is a FarforkError, and close() leaves nothing open. */
export class Channel {
  private readonly client: grpc.Client;
  private readonly active = new Set<{ cancel(): void }>();
  private readonly sockets = new Set<Socket>();
  private isClosed = false;

  constructor(private readonly endpoint: string) {
    this.client = new grpc.Client(endpoint, this.credentials(), CHANNEL_OPTIONS);
  }

  /** Resolves once connected; rejects with UNAVAILABLE at the first failure or after `timeoutMs`. */
  async connected(timeoutMs: number): Promise<void> {
    const channel = this.client.getChannel();
    const deadline = Date.now() + timeoutMs;
    let state = channel.getConnectivityState(true);
    while (state !== grpc.connectivityState.READY) {
      if (state === grpc.connectivityState.TRANSIENT_FAILURE)
        throw this.unavailable('nothing accepts connections there');
      const before = state;
      const late = await new Promise<Error | undefined>((resolve) => {
        channel.watchConnectivityState(before, deadline, resolve);
      });
      if (late) throw this.unavailable(`no connection within ${timeoutMs} ms`);
      state = channel.getConnectivityState(true);
    }
  }

  unary<Request, Response>(
    method: Method<Request, Response>,
    request: Init<Request>,
    options: CallOptions & { timeoutMs: number },
  ): Promise<Response> {
    return new Promise<Response>((resolve, reject) => {
      this.checkUsable(options.signal);
      const call = this.client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        { deadline: Date.now() + options.timeoutMs },
        (error, response) => {
          done();
          if (error) reject(fromGrpc(error, method.path));
          else resolve(response as Response);
        },
      );
      const done = this.track(call, options.signal);
    });
  }

  /** The messages of a server's stream. Leaving the loop early cancels the call. */
  async *stream<Request, Response>(
    method: Method<Request, Response>,
    request: Init<Request>,
    options: CallOptions & { timeoutMs: number },
  ): AsyncGenerator<Response, void, undefined> {
    this.checkUsable(options.signal);
    const call = this.client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      { deadline: Date.now() + options.timeoutMs },
    );
    // The error of a cancelled call comes when nobody iterates any more.
    call.on('error', () => undefined);
    const done = this.track(call, options.signal);
    try {
      for await (const message of call) yield message as Response;
    } catch (error) {
      throw fromGrpc(error as grpc.ServiceError, method.path);
    } finally {
      done();
      call.cancel();
    }
  }

  /** Cancels what is under way and closes the connection. Safe to call twice. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const wasReady = this.client.getChannel().getConnectivityState(false) === grpc.connectivityState.READY;
    for (const call of [...this.active]) call.cancel();
    this.client.close();
    const destroy = (): void => this.sockets.forEach((socket) => socket.destroy());
    // A connected session says goodbye by itself; one that still waits for the peer's settings would wait for ever.
    if (wasReady) setTimeout(destroy, GOODBYE_MS).unref();
    else destroy();
  }

  /** Without TLS. grpc-js offers no other way to reach the sockets that it opens. */
  private credentials(): grpc.ChannelCredentials {
    const credentials = grpc.credentials.createInsecure();
    const createConnector = credentials._createSecureConnector.bind(credentials);
    credentials._createSecureConnector = (...parameters) => {
      const connector = createConnector(...parameters);
      const connectSocket = connector.connect.bind(connector);
      connector.connect = (socket) => {
        this.sockets.add(socket);
        socket.once('close', () => this.sockets.delete(socket));
        if (this.isClosed) socket.destroy();
        return connectSocket(socket);
      };
      return connector;
    };
    return credentials;
  }

  private checkUsable(signal: AbortSignal | undefined): void {
    if (this.isClosed) throw new FarforkError('CANCELLED', 'sdk.call', this.endpoint, 'the client is closed');
    if (signal?.aborted)
      throw new FarforkError('CANCELLED', 'sdk.call', this.endpoint, 'the signal was aborted already');
  }

  private track(call: { cancel(): void }, signal: AbortSignal | undefined): () => void {
    const cancel = (): void => call.cancel();
    this.active.add(call);
    signal?.addEventListener('abort', cancel, { once: true });
    return () => {
      this.active.delete(call);
      signal?.removeEventListener('abort', cancel);
    };
  }

  private unavailable(detail: string): FarforkError {
    return new FarforkError('UNAVAILABLE', 'sdk.connect', `coordinator ${this.endpoint}`, detail);
  }
}
