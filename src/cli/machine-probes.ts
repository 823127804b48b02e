// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { FarforkError } from '../errors/index.js';
import { addonPath, daemonPaths, loadBinding, type Probe } from '../native/index.js';

const VERSION_TIMEOUT_MS = 5000;

/** Programs that farfork runs, beside what the addon probes. */
const TOOLS = [
  { name: 'util-linux', programs: ['unshare', 'nsenter', 'setpriv'], required: true, uses: 'the embedded cluster' },
  { name: 'iproute2', programs: ['ip'], required: true, uses: 'the embedded cluster' },
  { name: 'python3', programs: ['python3'], required: false, uses: 'the demo, the Python SDK and the benchmarks' },
];

/** All probes of this machine. Never throws: what fails is a probe that is not ok. */
export function probeMachine(): Probe[] {
  return [probeNode(), ...probeNative(), ...TOOLS.map(probeTool), probeCriu()];
}

function probeNode(): Probe {
  const ok = Number(process.versions.node.split('.')[0]) >= 20;
  return { name: 'node', ok, required: true, detail: process.version, advice: 'Install Node.js 20 or newer.' };
}

function probeNative(): Probe[] {
  const advice = 'Build it: npm run build:native (needs cmake, g++ and libxxhash-dev).';
  const probes: Probe[] = [];
  try {
    const binding = loadBinding();
    probes.push({ name: 'addon', ok: true, required: true, detail: addonPath, advice: '' });
    probes.push(...binding.probe());
  } catch (error) {
    probes.push({ name: 'addon', ok: false, required: true, detail: seen(error), advice });
  }
  try {
    const { pager, spawner } = daemonPaths();
    probes.push({ name: 'daemons', ok: true, required: true, detail: `${pager}, ${spawner}`, advice: '' });
  } catch (error) {
    probes.push({ name: 'daemons', ok: false, required: true, detail: seen(error), advice });
  }
  return probes;
}

function seen(error: unknown): string {
  return error instanceof FarforkError ? `${error.object}: ${error.detail}` : String(error);
}

function probeTool(tool: (typeof TOOLS)[number]): Probe {
  const missing = tool.programs.filter((program) => findOnPath(program) === undefined);
  const { name, required } = tool;
  if (missing.length === 0) return { name, required, ok: true, detail: tool.programs.join(', '), advice: '' };
  const advice = `Install it: apt-get install ${name} (for ${tool.uses}).`;
  return { name, required, ok: false, detail: `not on PATH: ${missing.join(', ')}`, advice };
}

/** CRIU is a peer to compare with, never a part. */
function probeCriu(): Probe {
  const { path, version, usable, why } = findCriu();
  const detail = path === undefined ? 'not on PATH' : `${version} at ${path}${usable ? '' : `: ${why}`}`;
  return {
    name: 'criu',
    required: false,
    ok: usable,
    detail,
    advice: 'Only farfork bench compares with it; 4.0 or newer.',
  };
}

export interface Criu {
  path: string | undefined;
  version: string;
  usable: boolean;
  why: string;
}

export function findCriu(): Criu {
  const path = findOnPath('criu');
  if (path === undefined) return { path, version: '', usable: false, why: 'criu is not on PATH' };
  try {
    const text = execFileSync(path, ['--version'], { encoding: 'utf8', timeout: VERSION_TIMEOUT_MS });
    const version = /Version:\s*(\S+)/.exec(text)?.[1] ?? 'unknown';
    // "Unexpected rt vDSO area bounds": 3.17.1, Debian 12's, on kernels from about 6.12 on.
    const usable = Number(version.split('.')[0]) >= 4;
    return { path, version, usable, why: usable ? '' : 'fails on kernels from about 6.12 on' };
  } catch (error) {
    return { path, version: 'unknown', usable: false, why: (error as Error).message };
  }
}

export function findOnPath(program: string): string | undefined {
  // Root's PATH may lack sbin when su, not su -, made it.
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.map((folder) => `${folder}/${program}`).find((path) => path.startsWith('/') && existsSync(path));
}
