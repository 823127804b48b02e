#!/usr/bin/env bash
# Runs clang-tidy over the native sources with the compile commands of native/build. Slow: not part of npm test.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -f native/build/compile_commands.json ] || { echo 'build first: npm run build:native' >&2; exit 2; }
git ls-files 'native/*.cc' | xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p native/build
