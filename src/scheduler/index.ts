// SPDX-License-Identifier: Apache-2.0
export { minimumMemoryBytes, place } from './place.js';
export type { NodeView, Placement, PlacementErrorCode, PlacementRequest, Snapshot } from './types.js';
