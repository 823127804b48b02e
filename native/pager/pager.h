// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "image/image.h"
#include "pager/address_space.h"

namespace farfork {

struct PagerOptions {
    unsigned workers = 2;   ///< children are spread over them
    uint32_t spin_us = 40;  ///< how long an idle worker polls before it sleeps (FACTS.md: a wake costs 50 us)
    uint32_t fault_around_pages = 16;     ///< window around a fault, aligned; a power of two; 1: off
    uint32_t copy_around_pages = 4;       ///< the same for memory that is copied, not shared
    uint64_t read_ahead_bytes = 1 << 20;  ///< most that a sequential reader's miss fetches beyond its chunk; 0: nothing
    uint32_t sweep_ms = 200;              ///< how often exited grandchildren are looked for, while there are any
};

/// Counts of 4 KiB pages and of faults.
struct PageCounters {
    std::atomic<uint64_t> faults{0}, pages_shared{0}, pages_copied{0}, pages_zeroed{0}, pages_fetched{0};
};

/// A seed as the pager serves it. Immutable but for the counters.
struct PagerSeed {
    std::string id;
    std::shared_ptr<Image> image;
    std::shared_ptr<const SegmentList> segments;
    PageCounters counters;
    std::atomic<uint64_t> live_children{0};
};

/// A child and the processes that it forked.
struct PagerChild {
    std::string id;
    std::shared_ptr<PagerSeed> seed;
    UniqueFd pidfd;  ///< of the child itself; invalid when its host pid was not known
    PageCounters counters;
    std::atomic<uint32_t> spaces{0};  ///< address spaces still served
    std::atomic<bool> detached{false}, failed{false};
    std::vector<uint64_t> space_ids;  ///< its worker's own
};

class PagerWorker;

/// Answers the page faults of this node's children. Thread-safe.
class Pager {
  public:
    /// Called once per child that cannot be served any more, on a worker's thread. From then on its faults stay
    /// unanswered (never zeros), so the callee must have it killed.
    using ChildFailed = std::function<void(const PagerChild& child, const Error& error)>;
    /// Called on a worker's thread when a detached child's last address space is gone.
    using ChildGone = std::function<void(const PagerChild& child)>;

    Pager(PagerOptions options, ChildFailed child_failed, ChildGone child_gone = nullptr);
    /// Stops serving. Children that live would hang, and read zeros once the process exits: call killAll before.
    ~Pager();
    Pager(const Pager&) = delete;
    Pager& operator=(const Pager&) = delete;

    /// Serves a child's userfaultfd (API handshake done) from now on. Errors: INVALID_ARGUMENT (id in use).
    Result<void> attach(const std::string& child_id, pid_t host_pid, std::shared_ptr<PagerSeed> seed, UniqueFd uffd);
    /// The child ended. What it forked is served until its memory is gone; then ChildGone.
    void detach(const std::string& child_id);
    /// SIGKILLs every child and waits until their memory is gone, for at most `timeout_ms`. True when all are gone.
    bool killAll(uint32_t timeout_ms);

    [[nodiscard]] std::shared_ptr<PagerChild> child(const std::string& child_id) const;
    [[nodiscard]] std::vector<std::shared_ptr<PagerChild>> childrenOf(const std::string& seed_id) const;
    [[nodiscard]] size_t childCount() const;

  private:
    friend class PagerWorker;
    void forget(const PagerChild& child);

    PagerOptions options_;
    ChildFailed child_failed_;
    ChildGone child_gone_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::shared_ptr<PagerChild>> children_;
    size_t next_worker_ = 0;
    std::unordered_map<std::string, size_t> worker_of_;
    std::vector<std::unique_ptr<PagerWorker>> workers_;
};

}  // namespace farfork
