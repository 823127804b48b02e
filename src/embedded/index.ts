// SPDX-License-Identifier: Apache-2.0
export { EmbeddedCluster, startEmbedded, type EmbeddedOptions } from './cluster.js';
