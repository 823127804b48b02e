// SPDX-License-Identifier: Apache-2.0
/** Health (grpc.health.v1) and reflection (grpc.reflection.v1), for every client that speaks gRPC. */
import type { Server } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { fileDescriptors, serviceNames } from '../proto/index.js';

/** "" stands for the whole server (the health protocol's convention). */
const healthNames = ['', ...serviceNames];

export class StandardServices {
  private readonly health = new HealthImplementation(
    Object.fromEntries(healthNames.map((name) => [name, 'SERVING' as const])),
  );

  addTo(server: Server): void {
    this.health.addToServer(server);
    // It looks at the descriptors of a package definition only; all files are in each of its entries.
    const entry = { format: 'Protocol Buffer 3 DescriptorProto', type: {}, fileDescriptorProtos: [...fileDescriptors] };
    const definition = { farfork: entry } as unknown as ConstructorParameters<typeof ReflectionService>[0];
    new ReflectionService(definition).addToServer(server);
  }

  notServing(): void {
    for (const name of healthNames) this.health.setStatus(name, 'NOT_SERVING');
  }
}
