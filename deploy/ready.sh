#!/usr/bin/env bash
# Makes a checkout ready to run: system packages, npm packages, native build, TypeScript build. Each step is a quick
# no-op when it is already done. Progress goes to stderr, so that a command's own output stays clean.
set -euo pipefail
cd "$(dirname "$0")/.."
exec 3>&1 1>&2

bash deploy/install-dependencies.sh

lock_hash=$(sha256sum package-lock.json | cut -d' ' -f1)
if [ "$(cat node_modules/.farfork-lock 2>/dev/null)" != "$lock_hash" ]; then
  echo "farfork: installing npm packages"
  npm ci --no-audit --no-fund --loglevel=error
  echo "$lock_hash" >node_modules/.farfork-lock
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
step() {
  local title=$1
  shift
  echo "farfork: $title"
  if ! "$@" >"$log" 2>&1; then
    cat "$log"
    echo "farfork: $title failed"
    exit 1
  fi
}
step 'building native code' npx cmake-js build -d native --parallel "$(nproc)" --CDCMAKE_BUILD_TYPE=Release
step 'building TypeScript' npx tsc -p tsconfig.json
