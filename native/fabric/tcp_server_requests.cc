// SPDX-License-Identifier: Apache-2.0
//
// What a server connection does with each request.
#include <algorithm>
#include <utility>

#include "fabric/checksum.h"
#include "fabric/tcp_server_connection.h"

namespace farfork::fabric {

void ServerConnection::handleFrame(const wire::FrameHeader& header, std::span<const std::byte> payload) {
    const auto type = static_cast<wire::FrameType>(header.type);
    if (helloDone_ == (type == wire::FrameType::kHello))
        return violation(helloDone_ ? "a second HELLO" : "a request before HELLO");
    switch (type) {
        case wire::FrameType::kHello:
            return handleHello(payload);
        case wire::FrameType::kOpen:
            return handleOpen(header.request_id, payload);
        case wire::FrameType::kRead:
            return handleRead(header.request_id, payload);
        default:  // kClose: checkHeader lets no other type pass
            if (seeds_.erase(readStruct<wire::Close>(payload).handle) == 0) violation("CLOSE: unknown handle");
    }
}

void ServerConnection::handleHello(std::span<const std::byte> payload) {
    const auto hello = readStruct<wire::Hello>(payload);
    if (hello.version != kProtocolVersion)
        return violation("the peer speaks version " + std::to_string(hello.version) + ", this node " +
                         std::to_string(kProtocolVersion));
    if (hello.reserved != 0 || hello.reserved2 != 0 || hello.page_bytes != FF_PAGE_SIZE)
        return violation("HELLO: reserved field is not zero, or another page size");
    helloDone_ = true;
    auto answer = std::make_unique<Reply>();
    appendFrame(answer->head, wire::FrameType::kHelloReply, 0, bytesOf(hello));
    reply(std::move(answer));
}

void ServerConnection::handleOpen(uint64_t requestId, std::span<const std::byte> payload) {
    SeedCredentials credentials;
    uint32_t flags = 0;
    if (const std::string wrong = decodeOpen(payload, credentials, flags); !wrong.empty()) return violation(wrong);
    const std::string object = "seed " + credentials.seed_id;
    if (seeds_.size() >= wire::kMaxHandles)
        return replyError(requestId, {ErrorCode::kResourceExhausted, "fabric.open", object, "too many open seeds"});
    auto opened = context_.seeds.open(credentials);
    if (!opened) return replyError(requestId, opened.error());

    struct Sent {
        Bytes descriptor, layout;
    };
    auto sent = std::make_shared<Sent>(Sent{std::move(opened->descriptor), encodeLayout(opened->layout)});
    wire::OpenReply header{};
    header.handle = ++lastHandle_;
    header.descriptor_bytes = sent->descriptor.size();
    header.layout_bytes = sent->layout.size();
    header.descriptor_checksum = checksumOf(sent->descriptor);
    header.layout_checksum = checksumOf(sent->layout);
    header.staged = opened->staged ? 1 : 0;
    if (header.descriptor_bytes + header.layout_bytes > wire::kMaxOpenBytes)
        return replyError(requestId,
                          {ErrorCode::kResourceExhausted, "fabric.open", object, "descriptor and layout too large"});

    seeds_.emplace(lastHandle_, OpenSeed{credentials.seed_id, credentials.lease_epoch});
    openDeadlineNs_ = EventLoop::kNever;
    auto answer = std::make_unique<Reply>();
    if ((flags & wire::kOpenWithoutBytes) == 0) {
        for (const Bytes* part : {&sent->descriptor, &sent->layout})
            if (!part->empty()) answer->bulk.emplace_back(*part);
        answer->bulkBytes = header.descriptor_bytes + header.layout_bytes;
        answer->hold = sent;
    }
    appendFrame(answer->head, wire::FrameType::kOpenReply, requestId, bytesOf(header), {}, answer->bulkBytes);
    reply(std::move(answer));
}

void ServerConnection::handleRead(uint64_t requestId, std::span<const std::byte> payload) {
    std::vector<PageRange> ranges;
    if (const std::string wrong = decodeRead(payload, ranges); !wrong.empty()) return violation(wrong);
    const auto read = readStruct<wire::Read>(payload);
    const auto seed = seeds_.find(read.handle);
    if (seed == seeds_.end()) return violation("READ: unknown handle");
    if (seed->second.leaseEpoch != read.lease_epoch)
        return replyError(requestId, {ErrorCode::kLeaseExpired, "fabric.read", "seed " + seed->second.seedId,
                                      "the lease epoch is not the one that it was opened with"});
    uint64_t cost = Reply::kOverheadBytes;
    for (const PageRange& range : ranges) cost += range.bytes();
    pinningCost_ += cost;
    // The completion may come on any thread, and after this connection or the whole server is gone: then the pin is let
    // go with the task that nobody runs.
    auto done = [weakLoop = std::weak_ptr(loop_), owner = &owner_, id = id_, requestId, cost,
                 ranges](Result<SeedExport::Pinned> result) {
        const auto loop = weakLoop.lock();
        if (!loop) return;
        loop->post([owner, id, requestId, cost, ranges, result = std::move(result)]() mutable {
            owner->withConnection(id, [&](ServerConnection& connection) {
                connection.pinningCost_ -= cost;
                connection.pinned(requestId, ranges, std::move(result));
            });
        });
    };
    context_.seeds.pin(seed->second.seedId, read.lease_epoch, ranges, std::move(done));
}

void ServerConnection::pinned(uint64_t requestId, const std::vector<PageRange>& ranges,
                              Result<SeedExport::Pinned> result) {
    if (closed_ || draining_) return;
    if (!result) return replyError(requestId, result.error());
    auto answer = std::make_unique<Reply>();
    answer->bulk = std::move(result->spans);
    answer->hold = std::move(result->hold);
    bool fits = answer->bulk.size() == ranges.size();
    for (size_t i = 0; fits && i < ranges.size(); ++i) {
        fits = answer->bulk[i].size() == ranges[i].bytes();
        answer->bulkBytes += ranges[i].bytes();
    }
    if (!fits)
        return replyError(requestId,
                          {ErrorCode::kInternal, "fabric.pin", "peer " + peer_, "pinned other bytes than asked"});
    appendFrame(answer->head, wire::FrameType::kReadReply, requestId, {}, {}, answer->bulkBytes);
    reply(std::move(answer));
}

}  // namespace farfork::fabric
