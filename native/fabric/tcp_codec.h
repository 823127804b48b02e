// SPDX-License-Identifier: Apache-2.0
//
// Frames to bytes and back. Nothing here trusts a size that came from a peer.
#pragma once
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "fabric/tcp_protocol.h"

namespace farfork::fabric {

using Bytes = std::vector<std::byte>;

template <class T>
std::span<const std::byte> bytesOf(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    return {reinterpret_cast<const std::byte*>(&value), sizeof value};
}

/// Copies a struct out of a payload; the caller has checked that it is long enough.
template <class T>
T readStruct(std::span<const std::byte> payload, size_t offset = 0) {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    std::memcpy(&value, payload.data() + offset, sizeof value);
    return value;
}

uint64_t frameChecksum(wire::FrameHeader header, std::span<const std::byte> payload);

/// Appends a whole frame, without bulk, to `out`. The payload comes in two pieces.
void appendFrame(Bytes& out, wire::FrameType type, uint64_t requestId, std::span<const std::byte> payload,
                 std::span<const std::byte> morePayload = {}, uint64_t bulkBytes = 0);
void appendErrorFrame(Bytes& out, uint64_t requestId, const Error& error);

/// What is wrong with a header before its payload was read, or an empty string. `fromClient` says who sent it.
std::string checkHeader(const wire::FrameHeader& header, bool fromClient);

/// The peer's error; a code that is not in the catalogue becomes FABRIC_PROTOCOL.
Error decodeError(std::span<const std::byte> payload);

/// What is wrong with a kRead payload, or an empty string; fills `ranges`.
std::string decodeRead(std::span<const std::byte> payload, std::vector<PageRange>& ranges);

/// What is wrong with a kOpen payload, or an empty string.
std::string decodeOpen(std::span<const std::byte> payload, SeedCredentials& credentials, uint32_t& flags);
wire::Open encodeOpen(const SeedCredentials& credentials, uint32_t flags);

}  // namespace farfork::fabric
