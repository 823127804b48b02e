#!/usr/bin/env bash
# Formats the native sources; with --check only says which ones are not formatted, and exits 1.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t files < <(git ls-files 'native/*.h' 'native/*.cc' 'native/*.c' 'test/native/*.h' 'test/native/*.cc' 'test/native/*.c' \
  'src/sdk/c/*.h' 'src/sdk/c/*.c' | grep -v '\.gen\.')
[ ${#files[@]} -gt 0 ] || exit 0
if [ "${1:-}" = --check ]; then
  clang-format --dry-run --Werror "${files[@]}"
else
  clang-format -i "${files[@]}"
fi
