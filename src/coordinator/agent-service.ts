// SPDX-License-Identifier: Apache-2.0
import type { handleBidiStreamingCall } from '@grpc/grpc-js';
import { asFarforkError, FarforkError, toGrpc } from '../errors/index.js';
import type { AgentMessage, CoordinatorMessage, Init } from '../proto/index.js';
import type { Cluster } from './cluster.js';
import type { AgentCall, NodeSession } from './node-session.js';

/** A stream that does not say who it is within this time is ended. */
const registerMs = 5000;

/** AgentService: one stream a node, Register first. */
export function agentService(cluster: Cluster): {
  connect: handleBidiStreamingCall<AgentMessage, Init<CoordinatorMessage>>;
} {
  return { connect: (call) => new AgentStream(cluster, call).follow() };
}

class AgentStream {
  private session: NodeSession | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly call: AgentCall,
  ) {}

  follow(): void {
    this.timer = setTimeout(() => {
      this.refuse(new FarforkError('DEADLINE_EXCEEDED', 'coordinator.register', '', 'the agent did not register'));
    }, registerMs);
    this.call.on('data', (message: AgentMessage) => this.receive(message));
    for (const event of ['end', 'cancelled', 'error']) this.call.on(event, () => this.ended());
  }

  private receive(message: AgentMessage): void {
    try {
      this.handle(message);
    } catch (error) {
      this.refuse(asFarforkError(error, 'coordinator.agent'));
    }
  }

  private handle(message: AgentMessage): void {
    if (!this.session) {
      if (!message.register) {
        throw new FarforkError('INVALID_ARGUMENT', 'coordinator.register', '', 'the first message must be Register');
      }
      clearTimeout(this.timer);
      this.session = this.cluster.register(this.call, message.register);
      return;
    }
    // An older stream of the node, after a newer one took over.
    if (!this.session.isOpen) return;
    this.session.lastSeenMs = Date.now();
    if (message.result) this.session.onResult(message.result);
    if (message.heartbeat) this.cluster.nodes.heartbeat(this.session, message.heartbeat.node);
    for (const event of message.events?.events ?? []) this.cluster.onEvent(this.session.node, event);
  }

  private refuse(error: FarforkError): void {
    clearTimeout(this.timer);
    if (this.session) this.cluster.nodes.end(this.session, error, true);
    else this.call.emit('error', toGrpc(error));
  }

  private ended(): void {
    clearTimeout(this.timer);
    if (!this.session) {
      this.call.end();
      return;
    }
    const seen = 'its stream ended';
    const error = new FarforkError('NODE_UNAVAILABLE', 'coordinator.agent', this.session.node, seen);
    this.cluster.nodes.end(this.session, error, false);
  }
}
