// SPDX-License-Identifier: Apache-2.0
#include "descriptor/checksum.h"

#include <cassert>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace farfork {

uint64_t hash64(std::span<const std::byte> bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}

Hash128 hash128(std::span<const std::byte> bytes) {
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    return {hash.high64, hash.low64};
}

uint64_t flatChecksum(std::span<const std::byte> bytes, size_t field_offset) {
    assert(field_offset + sizeof(uint64_t) <= bytes.size());
    static constexpr uint64_t kZero = 0;
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, bytes.data(), field_offset);
    XXH3_64bits_update(&state, &kZero, sizeof kZero);
    const auto rest = bytes.subspan(field_offset + sizeof kZero);
    XXH3_64bits_update(&state, rest.data(), rest.size());
    return XXH3_64bits_digest(&state);
}

}  // namespace farfork
