#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The build's proof that the blob is position-independent: no relocation, no dynamic section, nothing writable.
set -eu
if readelf -rW "$1" | grep -q R_X86_64; then
    echo "$1 has relocations" >&2
    exit 1
fi
if readelf -lW "$1" | grep -Eq '^ +(DYNAMIC|INTERP)'; then
    echo "$1 is dynamic" >&2
    exit 1
fi
# Sections that are writable and not empty (columns: name type address offset size ... flags).
if readelf -SW "$1" | sed 's/^ *\[ *[0-9]*\] *//' | awk '$5 !~ /^0*$/ && $7 ~ /W/ { found = 1 } END { exit !found }'; then
    echo "$1 has writable data" >&2
    exit 1
fi
# Absolute addresses in instructions would be link-time ones: with the image at 0 they are below its size.
if objdump -d "$1" | grep -Eq 'movabs \$0x[0-9a-f]{1,5},'; then
    echo "$1 has absolute addresses" >&2
    exit 1
fi
