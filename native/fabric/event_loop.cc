// SPDX-License-Identifier: Apache-2.0
#include "fabric/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/clock.h"

namespace farfork::fabric {

namespace {
constexpr uint64_t kWakeupToken = 0;
constexpr uint64_t kMaxSleepMs = 60'000;  // epoll_wait takes an int
}  // namespace

Result<std::shared_ptr<EventLoop>> EventLoop::create(uint32_t spinUs) {
    std::shared_ptr<EventLoop> loop(new EventLoop());
    loop->spinNs_ = uint64_t{spinUs} * 1000;
    loop->epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
    loop->wakeup_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = kWakeupToken;
    if (!loop->epoll_.valid() || !loop->wakeup_.valid() ||
        epoll_ctl(loop->epoll_.get(), EPOLL_CTL_ADD, loop->wakeup_.get(), &event) != 0)
        return makeErrno(ErrorCode::kResourceExhausted, "fabric.start", "event loop", "epoll or eventfd", errno);
    return loop;
}

uint64_t EventLoop::watch(int fd, uint32_t events, Handler& handler) {
    const uint64_t token = ++lastToken_;
    epoll_event event{};
    event.events = events;
    event.data.u64 = token;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return 0;
    handlers_.emplace(token, &handler);
    return token;
}

void EventLoop::rearm(uint64_t token, int fd, uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = token;
    epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::unwatch(uint64_t token, int fd) {
    if (handlers_.erase(token) != 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void EventLoop::wake() {
    // Only the one that finds the loop asleep pays for the system call.
    if (!sleeping_.exchange(false)) return;
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wakeup_.get(), &one, sizeof one);
}

void EventLoop::post(Task task) {
    {
        std::lock_guard lock(mutex_);
        if (stopped_) return;
        tasks_.push_back(std::move(task));
        pending_.store(true);
    }
    wake();
}

void EventLoop::wakeBy(uint64_t deadlineNs) {
    uint64_t current = deadlineNs_.load();
    while (deadlineNs < current)
        if (deadlineNs_.compare_exchange_weak(current, deadlineNs)) return wake();
}

void EventLoop::stop() {
    std::vector<Task> dropped;
    {
        std::lock_guard lock(mutex_);
        stopped_ = true;
        pending_.store(true);
        dropped.swap(tasks_);
    }
    wake();
}

bool EventLoop::runTasks() {
    if (!pending_.load()) return true;
    std::vector<Task> tasks;
    {
        std::lock_guard lock(mutex_);
        if (stopped_) return false;
        tasks.swap(tasks_);
        pending_.store(false);
    }
    for (Task& task : tasks) task();
    return true;
}

int EventLoop::timeoutMs(uint64_t nowNs, uint64_t lastActivityNs) {
    if (nowNs - lastActivityNs < spinNs_) return 0;
    sleeping_.store(true);  // before the last look at what others may have changed: they look at it after
    if (pending_.load()) return 0;
    const uint64_t deadline = deadlineNs_.load();
    if (deadline == kNever) return -1;
    if (deadline <= nowNs) return 0;
    return static_cast<int>(std::min<uint64_t>((deadline - nowNs + 999'999) / 1'000'000, kMaxSleepMs));
}

bool EventLoop::dispatch(int timeoutMs) {
    std::array<epoll_event, 64> events;
    const int count = epoll_wait(epoll_.get(), events.data(), events.size(), timeoutMs);
    sleeping_.store(false);
    for (int i = 0; i < count; ++i) {
        const uint64_t token = events[i].data.u64;
        if (token == kWakeupToken) {
            uint64_t value;
            [[maybe_unused]] const ssize_t got = read(wakeup_.get(), &value, sizeof value);
            continue;
        }
        // A handler that an earlier event of this batch removed is not found.
        if (const auto found = handlers_.find(token); found != handlers_.end())
            found->second->onEvents(events[i].events);
    }
    return count > 0;
}

void EventLoop::run(const std::function<uint64_t(uint64_t nowNs)>& onDeadline) {
    uint64_t lastActivityNs = monotonicNs();
    for (;;) {
        if (pending_.load()) lastActivityNs = monotonicNs();
        if (!runTasks()) return;
        const uint64_t nowNs = monotonicNs();
        if (nowNs >= deadlineNs_.load()) {
            deadlineNs_.store(kNever);
            wakeBy(onDeadline(nowNs));
        }
        if (dispatch(timeoutMs(nowNs, lastActivityNs))) lastActivityNs = monotonicNs();
    }
}

}  // namespace farfork::fabric
