// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace farfork::fabric {

/// XXH3-64 of bytes that come in pieces.
class Checksum {
  public:
    Checksum();
    ~Checksum();
    Checksum(Checksum&&) noexcept;
    Checksum& operator=(Checksum&&) noexcept;
    void reset();
    void update(const std::byte* data, size_t bytes);
    [[nodiscard]] uint64_t digest() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// XXH3-64 of one run of bytes.
uint64_t checksumOf(std::span<const std::byte> bytes);
/// Continues `before` over further bytes: a hash of the chain.
uint64_t checksumChain(uint64_t before, std::span<const std::byte> bytes);

}  // namespace farfork::fabric
