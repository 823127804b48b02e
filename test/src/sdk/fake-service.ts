// SPDX-License-Identifier: Apache-2.0
import { connect as dial, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import * as grpc from '@grpc/grpc-js';

/** Handlers by method path, e.g. "/farfork.v1.SeedService/List". */
export interface FakeService {
  /** HOST:PORT; connections to it are counted. */
  endpoint: string;
  /** Connections that are open now. */
  connections(): number;
  /** Resolves once no connection is open. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** A gRPC server behind a counting TCP relay. */
export async function serveFake(
  services: [grpc.ServiceDefinition, grpc.UntypedServiceImplementation][],
): Promise<FakeService> {
  const server = new grpc.Server();
  for (const [definition, implementation] of services) server.addService(definition, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  const open = new Set<Socket>();
  const relay: Server = createServer({ noDelay: true }, (near) => {
    const far = dial({ port, host: '127.0.0.1', noDelay: true });
    open.add(near);
    near
      .on('error', () => far.destroy())
      .on('close', () => {
        open.delete(near);
        far.destroy();
        relay.emit('idle');
      });
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
    near.pipe(far).pipe(near);
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return {
    endpoint: `127.0.0.1:${(relay.address() as AddressInfo).port}`,
    connections: () => open.size,
    async idle() {
      while (open.size > 0) await once(relay, 'idle');
    },
    async stop() {
      for (const socket of open) socket.destroy();
      relay.close();
      await once(relay, 'close');
      server.forceShutdown();
    },
  };
}
