// SPDX-License-Identifier: Apache-2.0
import { Server, ServerCredentials, type handleServerStreamingCall, type handleUnaryCall } from '@grpc/grpc-js';
import type * as ErrorsModule from '../../../dist/errors/index.js';
import type * as ProtoModule from '../../../dist/proto/index.js';
import { built } from '../built.js';

const proto = await built<typeof ProtoModule>('proto/index.js');
const { FarforkError, toGrpc } = await built<typeof ErrorsModule>('errors/index.js');

export type ForkEvent = ReturnType<typeof proto.ForkEvent.create>;

/** A coordinator that answers what a test told it to, and remembers what it was asked. */
export class FakeCoordinator {
  readonly asked: unknown[] = [];
  forkEvents: ForkEvent[] = [];
  prepareError: ErrorsModule.FarforkError | undefined;
  private readonly server = new Server();
  private port = 0;

  get endpoint(): string {
    return `127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    this.server.addService(proto.SeedService, { prepare: this.prepare, list: this.hang });
    this.server.addService(proto.NodeService, { list: this.nodes });
    this.server.addService(proto.ChildService, { fork: this.fork, invoke: this.echo });
    this.port = await new Promise((resolve, reject) => {
      this.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
        if (error) reject(error);
        else resolve(port);
      });
    });
  }

  stop(): void {
    this.server.forceShutdown();
  }

  private readonly prepare: handleUnaryCall<ProtoModule.PrepareRequest, ProtoModule.PrepareResponse> = (call, done) => {
    this.asked.push(call.request);
    if (this.prepareError) {
      done(toGrpc(this.prepareError));
      return;
    }
    const seed = proto.Seed.create({ seedId: 'sd_1', name: call.request.name, node: 'n1', key: 'ab12', pauseUs: 1500 });
    done(null, { seed });
  };

  private readonly fork: handleServerStreamingCall<ProtoModule.ForkRequest, ProtoModule.ForkResponse> = (call) => {
    this.asked.push(call.request);
    call.write({ events: this.forkEvents });
    call.end();
  };

  private readonly echo: handleUnaryCall<ProtoModule.InvokeRequest, ProtoModule.InvokeResponse> = (call, done) => {
    this.asked.push(call.request);
    done(null, { reply: call.request.input, child: proto.Child.create({ childId: 'ch_1' }) });
  };

  private readonly nodes: handleUnaryCall<ProtoModule.ListNodesRequest, ProtoModule.ListNodesResponse> = (
    _call,
    done,
  ) => done(null, { nodes: [proto.Node.create({ name: 'elsewhere', state: 'ready', agentPid: process.pid })] });

  /** Never answers. */
  private readonly hang = (): void => undefined;
}

export { FarforkError, proto };
