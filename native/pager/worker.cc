// SPDX-License-Identifier: Apache-2.0
#include "pager/worker.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"

namespace farfork {

namespace {
constexpr int kMaxEvents = 64;
constexpr uint64_t kInboxId = 0;
constexpr uint32_t kTriesBeforePause = 200;
constexpr int kServesBeforePoll = 16;

void watch(int epoll, int fd, uint64_t id) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = id;
    [[maybe_unused]] const int added = epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    assert(added == 0);
}
}  // namespace

PagerWorker::PagerWorker(Pager& pager, const PagerOptions& options)
    : pager_(pager), options_(options), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    assert(epoll_.valid());
    watch(epoll_.get(), inbox_->eventFd(), kInboxId);
    thread_ = std::thread([this] { run(); });
}

PagerWorker::~PagerWorker() {
    inbox_->stop();
    thread_.join();
}

void PagerWorker::run() {
    prctl(PR_SET_NAME, "pager-worker");
    while (!inbox_->stopped()) {
        drainInbox();
        retryFaults();
        const uint64_t now_ns = monotonicNs();
        if (sweeping_ && now_ns >= next_sweep_ns_) sweep();
        poll(now_ns);
    }
}

int PagerWorker::sleepMs(uint64_t now_ns) const {
    if (!retries_.empty()) return retries_.front().tries < kTriesBeforePause ? 0 : 1;
    if (now_ns < spin_until_ns_) return 0;
    if (!sweeping_) return -1;
    return next_sweep_ns_ > now_ns ? static_cast<int>((next_sweep_ns_ - now_ns) / 1'000'000 + 1) : 0;
}

void PagerWorker::poll(uint64_t now_ns) {
    int timeout_ms = sleepMs(now_ns);
    for (int count = 0; count < kServesBeforePoll && timeout_ms == 0; ++count) {
        if (!serve(hot_space_)) break;
        spin_until_ns_ = monotonicNs() + options_.spin_us * 1000ULL;
        if (!retries_.empty()) return;
    }
    if (timeout_ms != 0) {
        inbox_->setAsleep(true);
        if (!inbox_->empty() || inbox_->stopped()) timeout_ms = 0;
    }
    epoll_event events[kMaxEvents];
    const int count = epoll_wait(epoll_.get(), events, kMaxEvents, timeout_ms);
    if (timeout_ms != 0) inbox_->setAsleep(false);
    for (int index = 0; index < count; ++index) {
        const uint64_t id = events[index].data.u64;
        if (id == kInboxId) {
            inbox_->clearEvent();
        } else {
            serve(id);
            hot_space_ = id;
        }
    }
    if (count > 0) spin_until_ns_ = monotonicNs() + options_.spin_us * 1000ULL;
}

void PagerWorker::drainInbox() {
    if (inbox_->empty()) return;
    for (WorkerInbox::Item& item : inbox_->take()) {
        if (auto* attach = std::get_if<WorkerInbox::Attach>(&item)) {
            addSpace(attach->child, std::move(attach->uffd), AddressSpace(attach->child->seed->segments), false);
        } else if (auto* detached = std::get_if<WorkerInbox::Detach>(&item)) {
            detach(detached->child);
        } else {
            auto& fetched = std::get<WorkerInbox::Fetched>(item);
            const auto space = spaces_.find(fetched.space);
            if (space == spaces_.end()) continue;
            const std::shared_ptr<PagerChild> child = space->second->child;
            if (fetched.error) {
                fail(child, *fetched.error);
            } else {
                answer({fetched.space, fetched.address, fetched.write});
            }
        }
    }
}

void PagerWorker::retryFaults() {
    if (retries_.empty()) return;
    std::vector<Fault> faults;
    faults.swap(retries_);
    for (const Fault& fault : faults) {
        serve(fault.space);
        answer(fault);
    }
}

void PagerWorker::addSpace(const std::shared_ptr<PagerChild>& child, UniqueFd uffd, const AddressSpace& map,
                           bool forked) {
    const uint64_t id = next_space_++;
    fcntl(uffd.get(), F_SETFL, fcntl(uffd.get(), F_GETFL) | O_NONBLOCK);  // else epoll says EPOLLERR
    if (!child->failed) watch(epoll_.get(), uffd.get(), id);
    spaces_.emplace(id, std::unique_ptr<Space>(new Space{id, std::move(uffd), map, child, forked}));
    child->space_ids.push_back(id);
    child->spaces.fetch_add(1, std::memory_order_relaxed);
    if (forked) sweeping_ = true;
}

void PagerWorker::closeSpace(uint64_t id) {
    const auto found = spaces_.find(id);
    if (found == spaces_.end()) return;
    const std::shared_ptr<PagerChild> child = found->second->child;
    // The spawner's duplicate keeps the description open, and with it the entry in the set (epoll(7)).
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second->uffd.get(), nullptr);
    spaces_.erase(found);
    std::erase(child->space_ids, id);
    child->spaces.fetch_sub(1, std::memory_order_relaxed);
    if (child->spaces == 0 && child->detached) pager_.forget(*child);
}

void PagerWorker::detach(const std::shared_ptr<PagerChild>& child) {
    const std::vector<uint64_t> ids = child->space_ids;
    if (ids.empty()) pager_.forget(*child);
    for (const uint64_t id : ids) {
        if (!uffd::processAlive(spaces_.at(id)->uffd.get())) {
            closeSpace(id);
        } else {
            sweeping_ = true;
            next_sweep_ns_ = 0;
        }
    }
}

void PagerWorker::sweep() {
    std::vector<uint64_t> gone;
    sweeping_ = false;
    bool hurry = false;
    for (const auto& [id, space] : spaces_) {
        if (!space->forked && !space->child->detached) continue;
        if (uffd::processAlive(space->uffd.get())) {
            sweeping_ = true;
            hurry = hurry || space->child->detached;
        } else {
            gone.push_back(id);
        }
    }
    for (const uint64_t id : gone) closeSpace(id);
    next_sweep_ns_ = monotonicNs() + (hurry ? std::min(options_.sweep_ms, 20U) : options_.sweep_ms) * 1'000'000ULL;
}

void PagerWorker::fail(const std::shared_ptr<PagerChild>& child, const Error& error) {
    if (child->failed.exchange(true)) return;
    // Unread faults would keep the epoll set ready for ever.
    for (const uint64_t id : child->space_ids) {
        epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, spaces_.at(id)->uffd.get(), nullptr);
    }
    pager_.child_failed_(*child, error);
}

}  // namespace farfork
