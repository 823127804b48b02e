// SPDX-License-Identifier: Apache-2.0
#include "fabric/checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "fabric/checksum_avx2.h"

namespace farfork::fabric {

namespace {

using Update = void (*)(void* state, const void* data, size_t bytes);
void updateBaseline(void* state, const void* data, size_t bytes) {
    XXH3_64bits_update(static_cast<XXH3_state_t*>(state), data, bytes);
}
const Update kUpdate = __builtin_cpu_supports("avx2") ? checksumUpdateAvx2 : updateBaseline;

}  // namespace

struct Checksum::State {
    XXH3_state_t xxh;
};

Checksum::Checksum() : state_(std::make_unique<State>()) {
    reset();
}
Checksum::~Checksum() = default;
Checksum::Checksum(Checksum&&) noexcept = default;
Checksum& Checksum::operator=(Checksum&&) noexcept = default;

void Checksum::reset() {
    XXH3_64bits_reset(&state_->xxh);
}
void Checksum::update(const std::byte* data, size_t bytes) {
    XXH3_64bits_update(&state_->xxh, data, bytes);
}
uint64_t Checksum::digest() const {
    return XXH3_64bits_digest(&state_->xxh);
}

uint64_t checksumOf(std::span<const std::byte> bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}
uint64_t checksumChain(uint64_t before, std::span<const std::byte> bytes) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), before);
}

}  // namespace farfork::fabric
