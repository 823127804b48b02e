#!/usr/bin/env bash
# Installs what Debian 12 lacks for building and running farfork. A quick no-op when all is there. Exits 1, with a message
# that says what to install by hand, when something needed is missing and cannot be installed; the tools that only
# developers need are installed where possible and are never a reason to fail.
set -euo pipefail

# Root's PATH lacks sbin when su, not su -, made it.
PATH="$PATH:/usr/sbin:/sbin"

readonly NEEDED='g++ cmake make libxxhash-dev iproute2 util-linux python3 procps'
readonly DEVELOPER='clang-format clang-tidy lua5.4 python3-numpy ruby'

say() { echo "farfork: $*" >&2; }

# A package is there when what farfork uses of it is: dpkg is not asked, so other ways to install it count too.
have() {
  local package=$1 program
  case $package in
    libxxhash-dev) [ -e /usr/include/xxhash.h ] || [ -e /usr/local/include/xxhash.h ]; return ;;
    iproute2) set -- ip ;;
    util-linux) set -- unshare nsenter setpriv ;;
    procps) set -- ps ;;
    python3-numpy) /usr/bin/python3 -c 'import numpy' 2>/dev/null; return ;;
    *) set -- "$package" ;;
  esac
  for program in "$@"; do command -v "$program" >/dev/null || return 1; done
}

missing_of() {
  local package list=()
  for package in "$@"; do have "$package" || list+=("$package"); done
  echo "${list[*]-}"
}

by_hand() {
  say "$1"
  say "Install them as root and try again: apt-get install --no-install-recommends $2"
}

as_root=()
become_root() {
  [ "$(id -u)" -eq 0 ] && return 0
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
    return 0
  fi
  return 1
}

apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 \
    -o Acquire::Retries=2 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 "$@" >&2
}

# The package lists of a fresh machine are empty, those of an old one name versions that are gone: so try, update, try.
install_packages() {
  apt install -y --no-install-recommends "$@" 2>/dev/null && return 0
  apt update && apt install -y --no-install-recommends "$@"
}

check_node() {
  local version
  version=$(node --version 2>/dev/null || echo none)
  local major=${version#v}
  major=${major%%.*}
  if [ "$version" = none ] || [ "$major" -lt 20 ]; then
    say "Node.js 20 or newer is needed; found: $version. Debian 12 has 18: take it from https://nodejs.org."
    return 1
  fi
}

main() {
  check_node
  local needed developer
  # Word splitting is what turns the lists into arguments.
  # shellcheck disable=SC2086
  needed=$(missing_of $NEEDED)
  # shellcheck disable=SC2086
  developer=$(missing_of $DEVELOPER)
  [ -z "$needed$developer" ] && return 0

  if ! command -v apt-get >/dev/null; then
    [ -z "$needed" ] && return 0
    by_hand "these are missing, and this is no Debian, so they cannot be installed here: $needed" "$needed"
    return 1
  fi
  if ! become_root; then
    [ -z "$needed" ] && return 0
    by_hand "these packages are missing, and only root can install them: $needed" "$needed"
    return 1
  fi
  # shellcheck disable=SC2086
  if [ -n "$needed" ]; then
    say "installing $needed"
    if ! install_packages $needed || [ -n "$(missing_of $needed)" ]; then
      by_hand "these packages could not be installed (no network, or no package source): $(missing_of $needed)" "$needed"
      return 1
    fi
  fi
  # shellcheck disable=SC2086
  if [ -n "$developer" ]; then
    say "installing $developer"
    install_packages $developer || say "could not install $developer: only npm run lint, npm run tidy:native and some tests need them"
  fi
}

main "$@"
