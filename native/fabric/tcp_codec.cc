// SPDX-License-Identifier: Apache-2.0
#include "fabric/tcp_codec.h"

#include <algorithm>

#include "fabric/checksum.h"

namespace farfork::fabric {

using wire::FrameHeader;
using wire::FrameType;

namespace {

bool isPageRange(uint64_t start, uint64_t end) {
    return start < end && end <= wire::kAddressLimit && start % FF_PAGE_SIZE == 0 && end % FF_PAGE_SIZE == 0;
}

void append(Bytes& out, std::span<const std::byte> bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

std::span<const std::byte> textBytes(const std::string& text) {
    return std::as_bytes(std::span(text.data(), std::min<size_t>(text.size(), wire::kMaxErrorText)));
}

}  // namespace

uint64_t frameChecksum(FrameHeader header, std::span<const std::byte> payload) {
    header.checksum = 0;
    return checksumChain(checksumOf(bytesOf(header)), payload);
}

void appendFrame(Bytes& out, FrameType type, uint64_t requestId, std::span<const std::byte> payload,
                 std::span<const std::byte> morePayload, uint64_t bulkBytes) {
    FrameHeader header{};
    header.magic = wire::kMagic;
    header.type = static_cast<uint16_t>(type);
    header.request_id = requestId;
    header.payload_bytes = static_cast<uint32_t>(payload.size() + morePayload.size());
    header.bulk_bytes = bulkBytes;
    const size_t at = out.size();
    append(out, bytesOf(header));
    append(out, payload);
    append(out, morePayload);
    header.checksum = frameChecksum(header, std::span(out).subspan(at + sizeof header));
    std::memcpy(out.data() + at, &header, sizeof header);
}

void appendErrorFrame(Bytes& out, uint64_t requestId, const Error& error) {
    const auto stage = textBytes(error.stage), object = textBytes(error.object), detail = textBytes(error.detail);
    wire::ErrorReply reply{};
    reply.code = static_cast<uint32_t>(error.code);
    reply.sys_errno = error.sys_errno;
    reply.stage_bytes = static_cast<uint16_t>(stage.size());
    reply.object_bytes = static_cast<uint16_t>(object.size());
    reply.detail_bytes = static_cast<uint16_t>(detail.size());
    Bytes texts;
    append(texts, stage);
    append(texts, object);
    append(texts, detail);
    appendFrame(out, FrameType::kError, requestId, bytesOf(reply), texts);
}

std::string checkHeader(const FrameHeader& header, bool fromClient) {
    if (header.magic != wire::kMagic) return "bad magic";
    if (header.reserved != 0 || header.reserved2 != 0) return "reserved field is not zero";
    const uint32_t payload = header.payload_bytes;
    const bool idExpected = header.request_id != 0;
    bool sizeOk = false, idOk = true, bulkOk = header.bulk_bytes == 0, mayCome = fromClient;
    switch (static_cast<FrameType>(header.type)) {
        case FrameType::kHello:
            sizeOk = payload == sizeof(wire::Hello), idOk = !idExpected;
            break;
        case FrameType::kOpen:
            sizeOk = payload == sizeof(wire::Open), idOk = idExpected;
            break;
        case FrameType::kRead:
            sizeOk = payload > sizeof(wire::Read) && payload <= wire::kMaxRequestPayload, idOk = idExpected;
            break;
        case FrameType::kClose:
            sizeOk = payload == sizeof(wire::Close), idOk = !idExpected;
            break;
        case FrameType::kHelloReply:
            sizeOk = payload == sizeof(wire::Hello), idOk = !idExpected, mayCome = !fromClient;
            break;
        case FrameType::kOpenReply:
            sizeOk = payload == sizeof(wire::OpenReply), idOk = idExpected, mayCome = !fromClient;
            bulkOk = header.bulk_bytes <= wire::kMaxOpenBytes;
            break;
        case FrameType::kReadReply:
            sizeOk = payload == 0, idOk = idExpected, mayCome = !fromClient;
            bulkOk = header.bulk_bytes > 0 && header.bulk_bytes <= kMaxReadBytes;
            break;
        case FrameType::kError:
            sizeOk = payload >= sizeof(wire::ErrorReply) && payload <= wire::kMaxReplyPayload, mayCome = !fromClient;
            break;
        default:
            return "unknown frame type " + std::to_string(header.type);
    }
    const std::string name = "frame type " + std::to_string(header.type);
    if (!mayCome) return name + " from the wrong side";
    if (!sizeOk) return name + " with a payload of " + std::to_string(payload) + " bytes";
    if (!idOk) return name + " with request id " + std::to_string(header.request_id);
    if (!bulkOk) return name + " with a bulk of " + std::to_string(header.bulk_bytes) + " bytes";
    return {};
}

Error decodeError(std::span<const std::byte> payload) {
    const auto reply = readStruct<wire::ErrorReply>(payload);
    const size_t texts = size_t{reply.stage_bytes} + reply.object_bytes + reply.detail_bytes;
    const auto code = static_cast<ErrorCode>(reply.code);
    const bool known = code != ErrorCode::kNone && std::strcmp(errorCodeName(code), "UNKNOWN") != 0;
    if (reply.reserved != 0 || texts != payload.size() - sizeof reply || !known)
        return Error{ErrorCode::kFabricProtocol, "fabric.receive", "", "the peer sent an error that cannot be read"};
    const char* text = reinterpret_cast<const char*>(payload.data()) + sizeof reply;
    return Error{code, std::string(text, reply.stage_bytes), std::string(text + reply.stage_bytes, reply.object_bytes),
                 std::string(text + reply.stage_bytes + reply.object_bytes, reply.detail_bytes), reply.sys_errno};
}

std::string decodeRead(std::span<const std::byte> payload, std::vector<PageRange>& ranges) {
    const auto read = readStruct<wire::Read>(payload);
    if (read.reserved != 0) return "READ: reserved field is not zero";
    if (read.range_count == 0 || read.range_count > wire::kMaxRanges ||
        payload.size() != sizeof read + size_t{read.range_count} * sizeof(wire::Range))
        return "READ: " + std::to_string(read.range_count) + " ranges do not fit the payload";
    ranges.reserve(read.range_count);
    uint64_t total = 0, previousEnd = 0;
    for (uint32_t i = 0; i < read.range_count; ++i) {
        const auto range = readStruct<wire::Range>(payload, sizeof read + i * sizeof(wire::Range));
        if (!isPageRange(range.start, range.end)) return "READ: a range is empty, unaligned or out of bounds";
        if (range.start < previousEnd) return "READ: ranges overlap or do not ascend";
        previousEnd = range.end;
        total += range.end - range.start;
        if (total > kMaxReadBytes) return "READ: more than " + std::to_string(kMaxReadBytes) + " bytes";
        ranges.push_back({range.start, range.end});
    }
    return {};
}

wire::Open encodeOpen(const SeedCredentials& credentials, uint32_t flags) {
    wire::Open open{};
    std::memcpy(open.seed_id, credentials.seed_id.data(), credentials.seed_id.size());
    std::memcpy(open.key, credentials.key.data(), sizeof open.key);
    open.lease_epoch = credentials.lease_epoch;
    open.flags = flags;
    return open;
}

std::string decodeOpen(std::span<const std::byte> payload, SeedCredentials& credentials, uint32_t& flags) {
    const auto open = readStruct<wire::Open>(payload);
    if (open.reserved != 0 || (open.flags & ~wire::kOpenWithoutBytes) != 0) return "OPEN: unknown flags";
    const size_t length = strnlen(open.seed_id, sizeof open.seed_id);
    const bool padded =
        std::all_of(open.seed_id + length, open.seed_id + sizeof open.seed_id, [](char c) { return c == 0; });
    if (length == 0 || length == sizeof open.seed_id || !padded) return "OPEN: the seed id is not NUL-padded text";
    credentials.seed_id.assign(open.seed_id, length);
    credentials.key.assign(reinterpret_cast<const char*>(open.key), sizeof open.key);
    credentials.lease_epoch = open.lease_epoch;
    flags = open.flags;
    return {};
}

}  // namespace farfork::fabric
