// SPDX-License-Identifier: Apache-2.0
import { type Client, connect } from '../sdk/typescript/client.js';
import type { Context } from './common.js';

/** Runs `body` with a client of the context's cluster. */
export async function withClient<T>(context: Context, body: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect(
    context.endpoint,
    context.timeoutMs === undefined ? {} : { timeoutMs: context.timeoutMs },
  );
  try {
    return await body(client);
  } finally {
    client.close();
  }
}
