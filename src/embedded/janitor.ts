// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import type { Socket } from 'node:net';

/**
 * A shell that waits for this process to end, by whatever cause, and then removes what could outlive it: processes in
 * the cluster's network namespaces (they get a second to leave by themselves) and the temporary state folder. It holds
 * the namespaces open meanwhile, or their numbers could already name somebody else's.
 */
export interface Janitor {
  pid: number;
  /** Has it do its work now; resolves when it has. */
  finish(): Promise<void>;
}

const SCRIPT = `
cat >/dev/null
round=0
while [ $round -lt 100 ]; do
  left=0
  for process in /proc/[0-9]*; do
    case " $FARFORK_NAMESPACES " in
      *" $(readlink "$process/ns/net" 2>/dev/null || echo gone) "*)
        left=1
        [ $round -lt 10 ] || kill -9 "\${process#/proc/}" 2>/dev/null ;;
    esac
  done
  if [ $left = 0 ]; then
    [ -n "$FARFORK_STATE_DIR" ] || exit 0
    rm -rf --one-file-system "$FARFORK_STATE_DIR" && exit 0
  fi
  round=$((round + 1))
  sleep 0.1
done
exit 1
`;

export function startJanitor(namespaceFds: number[], identities: string[], removeDir: string | undefined): Janitor {
  const shell = spawn('sh', ['-c', SCRIPT, 'farfork-janitor'], {
    stdio: ['pipe', 'ignore', 'ignore', ...namespaceFds],
    // A session of its own: Ctrl-C at the terminal must not end it first.
    detached: true,
    cwd: '/',
    env: { PATH: process.env['PATH'], FARFORK_NAMESPACES: identities.join(' '), FARFORK_STATE_DIR: removeDir ?? '' },
  });
  const ended = new Promise<void>((resolve) => {
    shell.once('close', () => resolve());
    shell.once('error', () => resolve());
  });
  // A pipe, as stdio says; its write end is the life line.
  const lifeLine = shell.stdin as Socket;
  lifeLine.on('error', () => undefined);
  lifeLine.unref();
  shell.unref();
  return {
    pid: shell.pid ?? -1,
    finish: async () => {
      shell.ref();
      lifeLine.end();
      await ended;
    },
  };
}

/** Pids of the processes whose network namespace is one of `identities`. */
export function processesIn(identities: string[]): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return identities.includes(readlinkSync(`/proc/${pid}/ns/net`));
      } catch {
        return false;
      }
    })
    .map(Number);
}
