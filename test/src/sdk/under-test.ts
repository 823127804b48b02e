// SPDX-License-Identifier: Apache-2.0
/** What the package's door does not export. */
import type * as ErrorsModule from '../../../dist/errors/index.js';
import type * as ProtoModule from '../../../dist/proto/index.js';
import { built } from '../built.js';

export const errors = await built<typeof ErrorsModule>('errors/index.js');
export const proto = await built<typeof ProtoModule>('proto/index.js');
