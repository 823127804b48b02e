// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace farfork {

/// Bytes that will lie at a known address, appended to piece by piece.
class AddressedBytes {
  public:
    explicit AddressedBytes(uint64_t address) : address_(address) {}

    /// Appends zeros up to a multiple of `alignment`; returns the address of the next byte.
    uint64_t align(size_t alignment) {
        bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment);
        return address_ + bytes_.size();
    }
    uint64_t append(std::span<const std::byte> bytes, size_t alignment = 8) {
        const uint64_t at = align(alignment);
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return at;
    }
    template <class T>
    uint64_t appendArray(std::span<const T> values) {
        return append(std::as_bytes(values), alignof(T));
    }
    uint64_t appendString(std::string_view text) {
        const uint64_t at = append(std::as_bytes(std::span(text)), 1);
        bytes_.push_back(std::byte{0});
        return at;
    }
    uint64_t reserve(size_t bytes, size_t alignment) {
        const uint64_t at = align(alignment);
        bytes_.resize(bytes_.size() + bytes);
        return at;
    }
    [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }
    [[nodiscard]] uint64_t end() const { return address_ + bytes_.size(); }

  private:
    uint64_t address_;
    std::vector<std::byte> bytes_;
};

}  // namespace farfork
