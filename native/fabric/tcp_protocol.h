// SPDX-License-Identifier: Apache-2.0
//
// The bytes of the TCP fabric. A connection carries frames both ways:
//
//   FrameHeader | payload (payload_bytes) | bulk (bulk_bytes) | XXH3-64 of the bulk, when bulk_bytes > 0
//
// Integers are little-endian; reserved fields are zero and checked. The header's checksum covers header and payload, so
// that a flipped bit in a request id or an address is caught as surely as one in page data: both would put right bytes
// in a wrong place. The bulk's checksum trails it, so that either side hashes while it sends or receives.
//
// Client: kHello once, first; then kOpen, kRead, kClose, pipelined without waiting. Server: kHelloReply, then one
// kOpenReply, kReadReply or kError a request, in any order. kError with request id 0 ends the connection.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>

#include "descriptor/descriptor.h"
#include "fabric/fabric.h"

namespace farfork::fabric::wire {

static_assert(std::endian::native == std::endian::little, "structs travel as they are");

constexpr uint32_t kMagic = 0x42414646;  // "FFAB"

enum class FrameType : uint16_t {
    kHello = 1,       ///< Hello
    kHelloReply = 2,  ///< Hello
    kOpen = 3,        ///< Open
    kOpenReply = 4,   ///< OpenReply; bulk: descriptor, then layout (encodeLayout)
    kRead = 5,        ///< Read, then Range[range_count], ascending and disjoint
    kReadReply = 6,   ///< no payload; bulk: the ranges' bytes, in the order of the request
    kClose = 7,       ///< Close; no reply
    kError = 8,       ///< ErrorReply, then its texts
};

struct FrameHeader {
    uint32_t magic;
    uint16_t type;  ///< FrameType
    uint16_t reserved;
    uint64_t request_id;  ///< chosen by the client, not 0 but in kHello, kHelloReply and kClose; copied to the reply
    uint32_t payload_bytes;
    uint32_t reserved2;
    uint64_t bulk_bytes;
    uint64_t checksum;  ///< frameChecksum() of the header with this field zero, and of the payload
};
static_assert(sizeof(FrameHeader) == 40);

struct Hello {
    uint16_t version;  ///< kProtocolVersion
    uint16_t reserved;
    uint32_t page_bytes;  ///< FF_PAGE_SIZE
    uint64_t reserved2;
};
static_assert(sizeof(Hello) == 16);

constexpr uint32_t kOpenWithoutBytes = 1u << 0;  ///< a reconnect: the client has descriptor and layout already

struct Open {
    char seed_id[FF_SEED_ID_SIZE];  ///< NUL-terminated, zero-padded
    uint8_t key[kSeedKeyBytes];
    uint64_t lease_epoch;
    uint32_t flags;  ///< kOpen*
    uint32_t reserved;
};
static_assert(sizeof(Open) == 88);

struct OpenReply {
    uint64_t handle;  ///< names the seed in this connection's reads
    uint64_t descriptor_bytes, layout_bytes;
    uint64_t descriptor_checksum, layout_checksum;  ///< XXH3-64 of each
    uint32_t staged;                                ///< 0 or 1
    uint32_t reserved;
};
static_assert(sizeof(OpenReply) == 48);

struct Range {
    uint64_t start, end;  ///< bytes, page-aligned, start < end
};

struct Read {
    uint64_t handle;
    uint64_t lease_epoch;
    uint32_t range_count;
    uint32_t reserved;
};
static_assert(sizeof(Read) == 24);

struct Close {
    uint64_t handle;
};

struct ErrorReply {
    uint32_t code;  ///< ErrorCode
    int32_t sys_errno;
    uint16_t stage_bytes, object_bytes, detail_bytes;
    uint16_t reserved;
};
static_assert(sizeof(ErrorReply) == 16);

constexpr uint64_t kTrailerBytes = sizeof(uint64_t);
constexpr uint64_t kAddressLimit =
    1ULL << 47;  ///< end of x86-64 user addresses (linux Documentation/arch/x86/x86_64/mm.rst)
constexpr uint32_t kMaxRanges = kMaxReadBytes / FF_PAGE_SIZE;
constexpr uint32_t kMaxRequestPayload = sizeof(Read) + kMaxRanges * sizeof(Range);
constexpr uint32_t kMaxErrorText = 1024;  ///< bytes of each text
constexpr uint32_t kMaxReplyPayload = sizeof(ErrorReply) + 3 * kMaxErrorText;
constexpr uint64_t kMaxOpenBytes = 1536ULL << 20;  ///< descriptor and layout together
constexpr uint32_t kMaxHandles = 65536;            ///< open seeds of one connection

}  // namespace farfork::fabric::wire
