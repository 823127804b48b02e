// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include "descriptor/objects.h"

namespace farfork::capturing {

/// Appends what a struct ff_socket names, padded to 8 bytes; returns its offset.
inline uint32_t appendPadded(std::vector<std::byte>& bytes, const void* from, size_t size) {
    const size_t at = bytes.size();
    bytes.resize(at + ((size + 7) & ~size_t{7}));
    if (size != 0) std::memcpy(bytes.data() + at, from, size);
    return static_cast<uint32_t>(at);
}

/// The start of a description: room for the struct, which goes in last, then name and options.
inline std::vector<std::byte> startSocket(ff_socket& socket, const void* name, size_t name_size,
                                          std::span<const ff_socket_option> options) {
    std::vector<std::byte> bytes(sizeof socket);
    static_assert(sizeof socket % 8 == 0);
    socket.name_size = static_cast<uint32_t>(name_size);
    socket.name = appendPadded(bytes, name, name_size);
    socket.option_count = static_cast<uint32_t>(options.size());
    socket.options = appendPadded(bytes, options.data(), options.size_bytes());
    return bytes;
}

inline std::vector<std::byte> finishSocket(std::vector<std::byte> bytes, const ff_socket& socket) {
    std::memcpy(bytes.data(), &socket, sizeof socket);
    return bytes;
}

}  // namespace farfork::capturing
