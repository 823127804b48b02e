// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander';
import { type CommonOptions, contextOf, makeCommand } from '../common.js';
import { EXIT_INCOMPATIBLE, ExitWith } from '../failure.js';
import { probeMachine } from '../machine-probes.js';

export function checkCommand(): Command {
  return makeCommand(
    'check',
    'probe this machine: what works, what is missing, what to do; exit 4 if anything required is',
    ['farfork check', 'farfork check --json'],
  ).action(run);
}

function run(options: CommonOptions): void {
  const { output } = contextOf(options);
  const probes = probeMachine();
  const row = (probe: (typeof probes)[number]): string[] => {
    const verdict = probe.ok ? 'ok' : probe.required ? 'MISSING' : 'absent';
    return [probe.name, verdict, probe.required ? 'required' : 'optional', probe.detail];
  };
  output.list(probes, ['PROBE', 'RESULT', 'NEED', 'SEEN'], row, '');
  const lacking = probes.filter((probe) => !probe.ok);
  for (const probe of lacking) output.line(`\n${probe.name}: ${probe.advice}`);
  const blocked = lacking.filter((probe) => probe.required);
  output.line(blocked.length === 0 ? '\nThis machine can run farfork.' : '\nThis machine cannot run farfork yet.');
  if (blocked.length > 0) throw new ExitWith(EXIT_INCOMPATIBLE);
}
