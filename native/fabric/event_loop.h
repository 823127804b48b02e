// SPDX-License-Identifier: Apache-2.0
//
// One thread's epoll loop, for both sides of the TCP fabric. After any activity it polls for `spinUs` before it sleeps:
// waking a thread on another core costs about 50 us in a VM (FACTS.md), a short spin costs its length once. An idle
// loop sleeps without a timeout.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace farfork::fabric {

class EventLoop {
  public:
    using Task = std::function<void()>;
    static constexpr uint64_t kNever = UINT64_MAX;

    class Handler {
      public:
        virtual ~Handler() = default;
        virtual void onEvents(uint32_t events) = 0;  ///< EPOLL* bits
    };

    static Result<std::shared_ptr<EventLoop>> create(uint32_t spinUs);

    /// Watches `fd`; 0 on failure. The handler must unwatch before it dies. Loop thread only.
    uint64_t watch(int fd, uint32_t events, Handler& handler);
    /// Changes the events of a watched fd. Any thread.
    void rearm(uint64_t token, int fd, uint32_t events);
    void unwatch(uint64_t token, int fd);

    /// Runs `task` on the loop thread; drops it when the loop has stopped. Any thread.
    void post(Task task);
    /// The loop calls its deadline function at `deadlineNs` (CLOCK_MONOTONIC) at the latest. Any thread.
    void wakeBy(uint64_t deadlineNs);

    /// Runs until stop(). `onDeadline` gets the time and returns the next deadline or kNever.
    void run(const std::function<uint64_t(uint64_t nowNs)>& onDeadline);
    void stop();

  private:
    EventLoop() = default;
    bool runTasks();
    void wake();
    int timeoutMs(uint64_t nowNs, uint64_t lastActivityNs);
    bool dispatch(int timeoutMs);

    UniqueFd epoll_, wakeup_;
    uint64_t spinNs_ = 0;
    std::mutex mutex_;
    std::vector<Task> tasks_;
    bool stopped_ = false;  // guarded by mutex_
    std::atomic<bool> sleeping_{false}, pending_{false};
    std::atomic<uint64_t> deadlineNs_{kNever};
    std::unordered_map<uint64_t, Handler*> handlers_;
    uint64_t lastToken_ = 0;
};

}  // namespace farfork::fabric
