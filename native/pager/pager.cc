// SPDX-License-Identifier: Apache-2.0
#include "pager/pager.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "base/clock.h"
#include "pager/worker.h"

namespace farfork {

Pager::Pager(PagerOptions options, ChildFailed child_failed, ChildGone child_gone)
    : options_(options), child_failed_(std::move(child_failed)), child_gone_(std::move(child_gone)) {
    const auto powerOfTwo = [](uint32_t value) { return value != 0 && (value & (value - 1)) == 0; };
    assert(powerOfTwo(options_.fault_around_pages) && powerOfTwo(options_.copy_around_pages) && options_.workers > 0);
    for (unsigned index = 0; index < options_.workers; ++index) {
        workers_.push_back(std::make_unique<PagerWorker>(*this, options_));
    }
}

Pager::~Pager() {
    workers_.clear();
}

Result<void> Pager::attach(const std::string& child_id, pid_t host_pid, std::shared_ptr<PagerSeed> seed,
                           UniqueFd uffd) {
    auto child = std::make_shared<PagerChild>();
    child->id = child_id;
    child->seed = std::move(seed);
    if (host_pid > 0) child->pidfd.reset(static_cast<int>(syscall(SYS_pidfd_open, host_pid, 0)));
    size_t worker = 0;
    {
        const std::lock_guard lock(mutex_);
        if (!children_.emplace(child_id, child).second) {
            return Error{ErrorCode::kInvalidArgument, "pager.attach", "child " + child_id,
                         "a child of this id is attached"};
        }
        worker = next_worker_++ % workers_.size();
        worker_of_[child_id] = worker;
    }
    child->seed->live_children.fetch_add(1, std::memory_order_relaxed);
    workers_[worker]->post(WorkerInbox::Attach{child, std::move(uffd)});
    return {};
}

void Pager::detach(const std::string& child_id) {
    const std::lock_guard lock(mutex_);
    const auto found = children_.find(child_id);
    if (found == children_.end() || found->second->detached.exchange(true)) return;
    workers_[worker_of_.at(child_id)]->post(WorkerInbox::Detach{found->second});
}

void Pager::forget(const PagerChild& child) {
    std::shared_ptr<PagerChild> keep;
    {
        const std::lock_guard lock(mutex_);
        const auto found = children_.find(child.id);
        if (found == children_.end() || found->second.get() != &child) return;
        keep = std::move(found->second);
        children_.erase(found);
        worker_of_.erase(child.id);
    }
    keep->seed->live_children.fetch_sub(1, std::memory_order_relaxed);
    if (child_gone_) child_gone_(*keep);
}

bool Pager::killAll(uint32_t timeout_ms) {
    std::vector<std::shared_ptr<PagerChild>> children;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [id, child] : children_) children.push_back(child);
    }
    for (const std::shared_ptr<PagerChild>& child : children) {
        if (child->pidfd.valid()) syscall(SYS_pidfd_send_signal, child->pidfd.get(), SIGKILL, nullptr, 0);
        detach(child->id);
    }
    const uint64_t deadline_ns = monotonicNs() + timeout_ms * 1'000'000ULL;
    while (childCount() > 0 && monotonicNs() < deadline_ns) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return childCount() == 0;
}

std::shared_ptr<PagerChild> Pager::child(const std::string& child_id) const {
    const std::lock_guard lock(mutex_);
    const auto found = children_.find(child_id);
    return found == children_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<PagerChild>> Pager::childrenOf(const std::string& seed_id) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<PagerChild>> children;
    for (const auto& [id, child] : children_) {
        if (child->seed->id == seed_id) children.push_back(child);
    }
    return children;
}

size_t Pager::childCount() const {
    const std::lock_guard lock(mutex_);
    return children_.size();
}

}  // namespace farfork
