// SPDX-License-Identifier: Apache-2.0
//
// What one server connection still has to send. Small replies overtake large ones that have not begun: a child waits in
// a page fault for the small ones.
#pragma once
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "fabric/checksum.h"
#include "fabric/tcp_codec.h"

struct iovec;

namespace farfork::fabric {

struct Reply {
    Bytes head;                                    ///< the frame without its bulk
    std::vector<std::span<const std::byte>> bulk;  ///< sent from where they lie
    std::shared_ptr<void> hold;                    ///< keeps `bulk` valid
    uint64_t bulkBytes = 0;
    uint64_t deadlineNs = 0;  ///< CLOCK_MONOTONIC; handed to the kernel in full until then, or the connection is closed

    // Progress.
    Checksum checksum;
    uint64_t trailer = 0;
    uint64_t sent = 0;    ///< bytes of head, bulk and trailer together
    uint64_t hashed = 0;  ///< bytes of the bulk
    size_t span = 0;      ///< the span that holds the next bulk byte to send
    uint64_t spanAt = 0;  ///< bytes of it that were sent

    [[nodiscard]] uint64_t bytes() const { return head.size() + bulkBytes + (bulkBytes ? wire::kTrailerBytes : 0); }
    /// What the reply counts for in back-pressure, bytes.
    [[nodiscard]] uint64_t cost() const { return bulkBytes + kOverheadBytes; }
    static constexpr uint64_t kOverheadBytes = 1024;
};

class ReplyQueue {
  public:
    enum class Outcome { kEmpty, kBlocked, kBudgetUsed, kFailed };

    void push(std::unique_ptr<Reply> reply);
    /// Sends until the queue is empty, the socket is full, or about `budgetBytes` went out. A reply is destroyed, and
    /// its hold released, once the kernel has all of it. kFailed leaves errno.
    Outcome flush(int fd, uint64_t budgetBytes);

    [[nodiscard]] bool empty() const { return sending_.empty() && urgent_.empty() && bulk_.empty(); }
    [[nodiscard]] uint64_t cost() const { return cost_; }
    [[nodiscard]] uint64_t earliestDeadlineNs() const;

  private:
    void choose();
    size_t collect(iovec* vectors, size_t& bytes);
    void advance(size_t bytes);

    std::deque<std::unique_ptr<Reply>> sending_, urgent_, bulk_;
    uint64_t sendingBytes_ = 0;  ///< of sending_, not yet sent
    uint64_t cost_ = 0;
    uint32_t urgentInARow_ = 0;
};

}  // namespace farfork::fabric
