// SPDX-License-Identifier: Apache-2.0
/** farfork.v1: messages as plain objects with a codec of the same name each, enums, and the services' methods. */
export type { Codec, Init, Method } from './codec.js';
export * from './farfork.gen.js';
