// SPDX-License-Identifier: Apache-2.0
/** The package's door: the client of a cluster, and what a parent needs to make a seed of itself. */
export { FarforkError, type ErrorCode } from '../../errors/index.js';
export * from './client.js';
export { packValue, unpackValue } from './payload.js';
export {
  afterPrepare,
  afterResume,
  beforePrepare,
  reply,
  replyError,
  seed,
  serve,
  type Role,
  type SeedOptions,
} from './seed.js';
