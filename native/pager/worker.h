// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <linux/userfaultfd.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "pager/pager.h"
#include "pager/uffd.h"

namespace farfork {

/// What other threads hand to a worker. Outlives the worker: fetches in flight hold it.
class WorkerInbox {
  public:
    struct Attach {
        std::shared_ptr<PagerChild> child;
        UniqueFd uffd;
    };
    struct Detach {
        std::shared_ptr<PagerChild> child;
    };
    struct Fetched {
        uint64_t space = 0, address = 0;
        bool write = false;
        std::optional<Error> error;
    };
    using Item = std::variant<Attach, Detach, Fetched>;

    WorkerInbox();
    void post(Item item);
    void stop();
    std::vector<Item> take();
    [[nodiscard]] bool empty() const { return !filled_.load(std::memory_order_acquire); }
    [[nodiscard]] bool stopped() const { return stopped_.load(std::memory_order_acquire); }
    [[nodiscard]] int eventFd() const { return event_.get(); }
    void setAsleep(bool asleep) { asleep_.store(asleep, std::memory_order_seq_cst); }
    void clearEvent();

  private:
    void wakeUp();
    UniqueFd event_;
    std::mutex mutex_;
    std::vector<Item> items_;
    std::atomic<bool> filled_{false}, asleep_{false}, stopped_{false};
};

/// One thread, and the userfaultfds that it alone reads and answers (DESIGN.md: one thread at a time reads and answers
/// a given userfaultfd, since reading REMOVE lets the child's zap go on).
class PagerWorker {
  public:
    PagerWorker(Pager& pager, const PagerOptions& options);
    ~PagerWorker();
    void post(WorkerInbox::Item item) { inbox_->post(std::move(item)); }

  private:
    struct Space {  ///< one mm
        uint64_t id = 0;
        UniqueFd uffd;
        AddressSpace map;
        std::shared_ptr<PagerChild> child;
        bool forked = false;       ///< by a child: its end is found by the sweep
        uint64_t next_miss = 0;    ///< image address where a sequential reader would miss next
        uint64_t ahead_bytes = 0;  ///< what the last miss fetched ahead
    };
    struct Fault {
        uint64_t space = 0, address = 0;
        bool write = false;
        uint32_t tries = 0;
    };

    // worker.cc: the loop
    void run();
    void poll(uint64_t now_ns);
    [[nodiscard]] int sleepMs(uint64_t now_ns) const;
    void drainInbox();
    void retryFaults();
    void sweep();
    void addSpace(const std::shared_ptr<PagerChild>& child, UniqueFd uffd, const AddressSpace& map, bool forked);
    void closeSpace(uint64_t id);
    void detach(const std::shared_ptr<PagerChild>& child);
    void fail(const std::shared_ptr<PagerChild>& child, const Error& error);

    // events.cc: reading a userfaultfd
    bool serve(uint64_t id);
    void apply(Space& space, const uffd_msg& message);

    // answer.cc: deciding and answering
    void answer(const Fault& fault);
    void answerImage(Space& space, const Fault& fault, const Place& place);
    void answerShared(Space& space, const Fault& fault, const PageRange& run);
    void answerCopy(Space& space, const Fault& fault, const PageRange& run, const Place& place);
    void answerZero(Space& space, const Fault& fault, const Place& place);
    void answerPastEnd(Space& space, const Fault& fault);
    /// Acts on an outcome. True when the first page is settled; false when it was put off or given up.
    bool settle(Space& space, const Fault& fault, const uffd::Answer& answer, const char* what);

    // fetch.cc: absent pages
    void fetch(Space& space, const Fault& fault, uint64_t image_address);
    void readAhead(Space& space, uint64_t chunk);
    static void countFetched(Space& space, const PageRange& range);

    Pager& pager_;
    const PagerOptions options_;
    std::shared_ptr<WorkerInbox> inbox_ = std::make_shared<WorkerInbox>();
    UniqueFd epoll_;
    uint64_t next_space_ = 1;  // 0 is the inbox
    std::unordered_map<uint64_t, std::unique_ptr<Space>> spaces_;
    std::vector<Fault> retries_;
    uint64_t hot_space_ = 0;
    uint64_t spin_until_ns_ = 0, next_sweep_ns_ = 0;
    bool sweeping_ = false;  ///< some space is a forked or a detached one
    std::array<uffd_msg, 64> messages_{};
    std::thread thread_;
};

}  // namespace farfork
