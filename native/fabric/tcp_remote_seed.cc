// SPDX-License-Identifier: Apache-2.0
#include "fabric/tcp_remote_seed.h"

#include <algorithm>

namespace farfork::fabric {

namespace {

/// Below kMaxReadBytes, so that an urgent reply does not wait long behind one of these.
constexpr uint64_t kRequestBytes = 1 << 20;
static_assert(kRequestBytes <= kMaxReadBytes);
constexpr uint64_t kUrgentBytes = 256 << 10;

bool isUsable(const PageRead& read) {
    const PageRange& range = read.range;
    return range.start < range.end && range.end <= wire::kAddressLimit && range.start % FF_PAGE_SIZE == 0 &&
           range.end % FF_PAGE_SIZE == 0 && read.destination != nullptr;
}

/// Cuts reads into requests, in the caller's order; within a request pieces ascend, as the protocol wants.
std::vector<std::unique_ptr<ReadRequest>> split(const std::vector<PageRead>& reads) {
    std::vector<std::unique_ptr<ReadRequest>> requests;
    for (PageRead rest : reads) {
        while (rest.range.start < rest.range.end) {
            if (requests.empty() || requests.back()->bytes == kRequestBytes)
                requests.push_back(std::make_unique<ReadRequest>());
            ReadRequest& request = *requests.back();
            const uint64_t bytes = std::min(rest.range.bytes(), kRequestBytes - request.bytes);
            request.pieces.push_back({{rest.range.start, rest.range.start + bytes}, rest.destination});
            request.bytes += bytes;
            rest.range.start += bytes;
            rest.destination += bytes;
        }
    }
    for (auto& request : requests)
        std::sort(request->pieces.begin(), request->pieces.end(),
                  [](const PageRead& a, const PageRead& b) { return a.range.start < b.range.start; });
    return requests;
}

bool disjoint(const std::vector<PageRead>& pieces) {
    for (size_t i = 1; i < pieces.size(); ++i)
        if (pieces[i].range.start < pieces[i - 1].range.end) return false;
    return true;
}

}  // namespace

void TcpRemoteSeed::read(std::vector<PageRead> reads, Completion done) {
    if (reads.empty()) return done({});
    const Error invalid{ErrorCode::kInvalidArgument, "fabric.read", "seed " + seed_->credentials.seed_id,
                        "a range is empty, unaligned, out of bounds, or read twice"};
    if (!std::all_of(reads.begin(), reads.end(), isUsable)) return done(invalid);
    auto requests = split(reads);
    uint64_t totalBytes = 0;
    auto operation = std::make_shared<ReadOperation>();
    for (auto& request : requests) {
        if (!disjoint(request->pieces)) return done(invalid);
        request->seed = seed_;
        request->operation = operation;
        totalBytes += request->bytes;
    }
    operation->done = std::move(done);
    operation->outstanding = static_cast<uint32_t>(requests.size());
    operation->urgent = totalBytes <= kUrgentBytes;
    peer_->submit(std::move(requests));
}

}  // namespace farfork::fabric
