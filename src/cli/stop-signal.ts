// SPDX-License-Identifier: Apache-2.0
/**
 * Resolves at the first SIGINT, SIGTERM or SIGHUP. A second one ends this process at once: what it leaves is cleared
 * by the cluster's janitor.
 */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let stopping = false;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (stopping) process.exit(130);
        stopping = true;
        resolve(signal);
      });
    }
  });
}
