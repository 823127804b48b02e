// Generates the error catalogue's three faces from proto/errors.json: C++ codes, TypeScript table, docs/errors.md.
// With --check it writes nothing and exits 1 when a file is stale.
import { readFileSync, writeFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const catalogue = JSON.parse(readFileSync(join(root, 'proto/errors.json'), 'utf8'));
const camel = (code) =>
  'k' + code.toLowerCase().replace(/(^|_)([a-z0-9])/g, (_match, _underscore, letter) => letter.toUpperCase());
const banner = 'Generated from proto/errors.json by proto/generate-errors.mjs. Do not edit.';

const cpp = `// SPDX-License-Identifier: Apache-2.0
// ${banner}
#pragma once
#include <cstdint>

namespace farfork {

enum class ErrorCode : uint32_t {
    kNone = 0,
${catalogue.map((entry) => `    ${camel(entry.code)} = ${entry.number},`).join('\n')}
};

/// The catalogue's name of a code, e.g. "SEED_NOT_FOUND"; "UNKNOWN" for a number that is not in it.
constexpr const char* errorCodeName(ErrorCode code) {
    switch (code) {
        case ErrorCode::kNone: return "NONE";
${catalogue.map((entry) => `        case ErrorCode::${camel(entry.code)}: return "${entry.code}";`).join('\n')}
    }
    return "UNKNOWN";
}

}  // namespace farfork
`;

const typescript = `// ${banner}
import type { CatalogueEntry } from './entry.js';

export const catalogue = {
${catalogue
  .map(
    (entry) => `  ${entry.code}: {
    code: ${JSON.stringify(entry.code)},
    number: ${entry.number},
    grpc: ${JSON.stringify(entry.grpc)},
    exit: ${entry.exit},
    cause: ${JSON.stringify(entry.cause)},
    advice: ${JSON.stringify(entry.advice)},
  },`,
  )
  .join('\n')}
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;
`;

const markdown = `# Errors

<!-- ${banner} -->

Every error says what failed, at which stage, for which object, and what to do. The code is stable; the number is what
travels between native processes; the exit code is the command line's.

| code | number | gRPC status | exit | cause | what to do |
| --- | --- | --- | --- | --- | --- |
${catalogue
  .map(
    (entry) =>
      `| \`${entry.code}\` | ${entry.number} | ${entry.grpc} | ${entry.exit} | ${entry.cause} | ${entry.advice} |`,
  )
  .join('\n')}
`;

const check = process.argv.includes('--check');
let stale = 0;
for (const [path, text] of [
  ['native/base/error_codes.gen.h', cpp],
  ['src/errors/catalogue.gen.ts', typescript],
  ['docs/errors.md', markdown],
]) {
  const file = join(root, path);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  if (check) {
    console.error(`${path} is stale: run npm run generate`);
    stale = 1;
  } else writeFileSync(file, text);
}
process.exitCode = stale;
