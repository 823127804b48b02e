// SPDX-License-Identifier: Apache-2.0
#include "fabric/tcp_reply_queue.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace farfork::fabric {

namespace {

constexpr uint64_t kUrgentBytes = 128 << 10;
constexpr uint32_t kMaxUrgentInARow = 16;    // then a large one goes, so that none starves
constexpr uint64_t kChunkBytes = 512 << 10;  // hashed, then sent while still in the cache
constexpr size_t kMaxVectors = 128;

class VectorList {
  public:
    VectorList(iovec* vectors, uint64_t limitBytes) : vectors_(vectors), limitBytes_(limitBytes) {}
    [[nodiscard]] bool full() const { return count_ == kMaxVectors || bytes_ >= limitBytes_; }
    [[nodiscard]] size_t room() const { return limitBytes_ - bytes_; }
    void add(const std::byte* data, size_t bytes) {
        vectors_[count_++] = {const_cast<std::byte*>(data), bytes};
        bytes_ += bytes;
    }
    [[nodiscard]] size_t count() const { return count_; }
    [[nodiscard]] size_t bytes() const { return bytes_; }

  private:
    iovec* vectors_;
    uint64_t limitBytes_;
    size_t count_ = 0, bytes_ = 0;
};

/// Adds what is left of the reply, hashing what is added for the first time. False when the list is full before its
/// end.
bool collectReply(Reply& reply, VectorList& list) {
    if (list.full()) return false;
    const uint64_t bulkStart = reply.head.size(), bulkEnd = bulkStart + reply.bulkBytes;
    if (reply.sent < bulkStart) list.add(reply.head.data() + reply.sent, bulkStart - reply.sent);
    if (reply.bulkBytes == 0) return true;
    uint64_t at = std::max(reply.sent, bulkStart) - bulkStart;
    uint64_t spanAt = reply.spanAt;
    for (size_t i = reply.span; at < reply.bulkBytes; ++i, spanAt = 0) {
        if (list.full()) return false;
        const auto piece = reply.bulk[i].subspan(spanAt);
        const size_t bytes = std::min(piece.size(), list.room());
        list.add(piece.data(), bytes);
        if (at + bytes > reply.hashed) {
            const size_t known = reply.hashed > at ? reply.hashed - at : 0;
            reply.checksum.update(piece.data() + known, bytes - known);
            reply.hashed = at + bytes;
        }
        at += bytes;
        if (bytes < piece.size()) return false;
    }
    if (list.full()) return false;
    reply.trailer = reply.checksum.digest();
    const uint64_t trailerAt = reply.sent > bulkEnd ? reply.sent - bulkEnd : 0;
    list.add(reinterpret_cast<const std::byte*>(&reply.trailer) + trailerAt, wire::kTrailerBytes - trailerAt);
    return true;
}

void advanceReply(Reply& reply, uint64_t bytes) {
    const uint64_t bulkStart = reply.head.size(), bulkEnd = bulkStart + reply.bulkBytes;
    const uint64_t before = std::clamp(reply.sent, bulkStart, bulkEnd);
    reply.sent += bytes;
    uint64_t ofBulk = std::clamp(reply.sent, bulkStart, bulkEnd) - before;
    while (ofBulk > 0) {
        const uint64_t left = reply.bulk[reply.span].size() - reply.spanAt;
        const uint64_t step = std::min(left, ofBulk);
        reply.spanAt += step;
        ofBulk -= step;
        if (reply.spanAt == reply.bulk[reply.span].size()) ++reply.span, reply.spanAt = 0;
    }
}

}  // namespace

void ReplyQueue::push(std::unique_ptr<Reply> reply) {
    cost_ += reply->cost();
    (reply->bulkBytes <= kUrgentBytes ? urgent_ : bulk_).push_back(std::move(reply));
}

void ReplyQueue::choose() {
    while (sendingBytes_ < kChunkBytes && !(urgent_.empty() && bulk_.empty())) {
        const bool takeUrgent = bulk_.empty() || (!urgent_.empty() && urgentInARow_ < kMaxUrgentInARow);
        auto& from = takeUrgent ? urgent_ : bulk_;
        urgentInARow_ = takeUrgent ? urgentInARow_ + 1 : 0;
        sendingBytes_ += from.front()->bytes();
        sending_.push_back(std::move(from.front()));
        from.pop_front();
    }
}

size_t ReplyQueue::collect(iovec* vectors, size_t& bytes) {
    VectorList list(vectors, kChunkBytes);
    for (const auto& reply : sending_)
        if (!collectReply(*reply, list)) break;
    bytes = list.bytes();
    return list.count();
}

void ReplyQueue::advance(size_t bytes) {
    sendingBytes_ -= bytes;
    while (bytes > 0) {
        Reply& reply = *sending_.front();
        const uint64_t step = std::min<uint64_t>(bytes, reply.bytes() - reply.sent);
        advanceReply(reply, step);
        bytes -= step;
        if (reply.sent < reply.bytes()) continue;
        cost_ -= reply.cost();
        sending_.pop_front();
    }
}

ReplyQueue::Outcome ReplyQueue::flush(int fd, uint64_t budgetBytes) {
    uint64_t total = 0;
    for (;;) {
        choose();
        if (sending_.empty()) return Outcome::kEmpty;
        if (total >= budgetBytes) return Outcome::kBudgetUsed;
        std::array<iovec, kMaxVectors> vectors;
        size_t bytes = 0;
        msghdr message{};
        message.msg_iov = vectors.data();
        message.msg_iovlen = collect(vectors.data(), bytes);
        // MSG_MORE: what follows at once fills the last segment.
        const int more = bytes < sendingBytes_ ? MSG_MORE : 0;
        const ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT | more);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Outcome::kBlocked : Outcome::kFailed;
        advance(static_cast<size_t>(sent));
        total += static_cast<uint64_t>(sent);
        if (static_cast<size_t>(sent) < bytes) return Outcome::kBlocked;
    }
}

uint64_t ReplyQueue::earliestDeadlineNs() const {
    uint64_t earliest = UINT64_MAX;
    for (const auto* queue : {&sending_, &urgent_, &bulk_})
        for (const auto& reply : *queue) earliest = std::min(earliest, reply->deadlineNs);
    return earliest;
}

}  // namespace farfork::fabric
