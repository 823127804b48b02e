// SPDX-License-Identifier: Apache-2.0
/** The control plane: registry of nodes, parents, seeds and children, behind the farfork.v1 services. */
import { existsSync, mkdirSync, unlinkSync } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname } from 'node:path';
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { FarforkError } from '../errors/index.js';
import { createLogger, type Logger } from '../log/index.js';
import { AgentService, ChildService, NodeService, ParentService, SeedService } from '../proto/index.js';
import { LmdbStore, type Store } from '../store/index.js';
import { agentService } from './agent-service.js';
import { Cluster } from './cluster.js';
import { childService, nodeService, parentService, seedService } from './services.js';
import { StandardServices } from './standard-services.js';

export interface CoordinatorOptions {
  /** HOST:PORT (port 0: any) or unix:/PATH; default 127.0.0.1:7070. */
  listen?: string[];
  /** Where the records are, unless `store` is given. */
  stateDir?: string;
  store?: Store;
  log?: Logger;
  /** 1000 when absent. */
  heartbeatMs?: number;
  /** Without a sign of life for this long a node is lost; 4000 when absent. */
  lostAfterMs?: number;
}

export interface Coordinator {
  /** Where it listens, in the order of `listen`, with the real ports. */
  readonly endpoints: readonly string[];
  /** Ends every call, and the streams of the agents; they keep trying. Safe to call twice. */
  close(): Promise<void>;
}

export const defaultEndpoint = '127.0.0.1:7070';
const maxMessageBytes = 256 << 20;
const shutdownMs = 1000;

/** Rejects with UNAVAILABLE when an address cannot be had, or with what opening the store failed with. */
export async function startCoordinator(options: CoordinatorOptions): Promise<Coordinator> {
  const log = options.log ?? createLogger('coordinator');
  const store = options.store ?? LmdbStore.open(options.stateDir ?? '/var/lib/farfork/coordinator');
  const server = new Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
  });
  const standard = new StandardServices();
  const times = { heartbeatMs: options.heartbeatMs ?? 1000, lostAfterMs: options.lostAfterMs ?? 4000 };
  const cluster = await Cluster.open(store, log, times, () => standard.notServing());
  add(server, ParentService, parentService(cluster));
  add(server, SeedService, seedService(cluster));
  add(server, ChildService, childService(cluster));
  add(server, NodeService, nodeService(cluster));
  add(server, AgentService, agentService(cluster));
  standard.addTo(server);
  const endpoints: string[] = [];
  try {
    for (const address of options.listen ?? [defaultEndpoint]) endpoints.push(await bind(server, address));
  } catch (error) {
    server.forceShutdown();
    await cluster.close();
    throw error;
  }
  log.info('listening', { endpoints: endpoints.join(' ') });
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    standard.notServing();
    cluster.nodes.close(new FarforkError('UNAVAILABLE', 'coordinator', '', 'it is shutting down'), false);
    await shutDown(server);
    await cluster.close();
    for (const endpoint of endpoints) removeSocket(endpoint);
  };
  return { endpoints, close: () => (closing ??= close()) };
}

function add(server: Server, service: object, handlers: object): void {
  server.addService(service as ServiceDefinition, handlers as Parameters<Server['addService']>[1]);
}

async function bind(server: Server, address: string): Promise<string> {
  if (address.startsWith('unix:')) await clearSocket(address.slice('unix:'.length));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (error)
        reject(new FarforkError('UNAVAILABLE', 'coordinator.listen', address, error.message, { cause: error }));
      else resolve(bound);
    });
  });
  return address.startsWith('unix:') ? address : address.replace(/:\d+$/, `:${port}`);
}

/** Removes a socket that a coordinator left behind; one that answers stays, and binding fails. */
async function clearSocket(path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (!existsSync(path)) return;
  const answers = await new Promise<boolean>((resolve) => {
    const probe = createConnection(path);
    probe.once('connect', () => resolve(true));
    probe.once('error', () => resolve(false));
    probe.once('close', () => probe.destroy());
    probe.once('connect', () => probe.destroy());
  });
  if (!answers) unlinkSync(path);
}

function removeSocket(endpoint: string): void {
  if (!endpoint.startsWith('unix:')) return;
  try {
    unlinkSync(endpoint.slice('unix:'.length));
  } catch {
    // The server removed it itself.
  }
}

/** Calls that are under way get a moment to end. */
function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, shutdownMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
