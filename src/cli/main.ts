#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { describeError, exitCodeOf } from './failure.js';
import { makeProgram } from './program.js';

// A reader that left (`farfork child ls | head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await makeProgram().parseAsync(process.argv);
} catch (error) {
  const text = describeError(error);
  if (text) process.stderr.write(`${text}\n`);
  process.exitCode = exitCodeOf(error);
}
