// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace farfork {

struct Hash128 {
    uint64_t high = 0, low = 0;
    friend bool operator==(const Hash128&, const Hash128&) = default;
};

/// XXH3-64 of `bytes`.
uint64_t hash64(std::span<const std::byte> bytes);

/// XXH3-128 of `bytes`.
Hash128 hash128(std::span<const std::byte> bytes);

/// XXH3-64 of `bytes` read as if the eight bytes at `field_offset` were zero: the checksum of a flat format that holds
/// its own checksum there. `field_offset + 8` must not exceed the size.
uint64_t flatChecksum(std::span<const std::byte> bytes, size_t field_offset);

}  // namespace farfork
