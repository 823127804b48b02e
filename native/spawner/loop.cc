// SPDX-License-Identifier: Apache-2.0
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "base/clock.h"
#include "spawner/spawner.h"

namespace farfork {
void Spawner::watch(int fd, uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0) epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void Spawner::run() {
    epoll_event events[32];
    while (!ending_) {
        const int count = epoll_wait(epoll_.get(), events, 32, timeoutMs());
        flushDeferred();
        for (int index = 0; index < count && !ending_; ++index) dispatch(events[index].data.fd, events[index].events);
        checkDeadlines();
        if (count == 0 || !queue_.empty()) makeCells();
    }
    shutDown();
}

void Spawner::dispatch(int fd, uint32_t events) {
    if (fd == listener_.get()) return acceptConnections();
    if (fd == status_receiver_.get()) return readStatuses();
    if (fd == signals_.get()) return readSignals();
    if (fd == pool_->newsFd()) {
        const Result<void> drained = pool_->drain();
        if (!drained.ok()) return cellFailed(drained.error());
        cell_failures_ = 0;
        return pump();
    }
    if (owner_.valid() && fd == owner_.get()) {
        ending_ = true;
        return;
    }
    if (pager_pidfd_.valid() && fd == pager_pidfd_.get()) return losePager();
    const auto found = connections_.find(fd);
    if (found == connections_.end()) return;
    if ((events & EPOLLOUT) != 0) {
        if (!found->second->flush()) return dropConnection(fd);
        if (!found->second->wantsWrite()) watch(fd, EPOLLIN);
    }
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) readConnection(fd);
}

/// Cells are made between requests, and not while a child is on its way: it needs the processors more; unless so few
/// are left that the next request would wait.
bool Spawner::wantsCell(uint64_t now_ns) const {
    constexpr size_t kMaxStarting = 4;         // ahead of need
    constexpr size_t kMaxStartingInNeed = 16;  // the maker and the inits work while the spawner does other things
    if (cell_retry_ns_ > now_ns) return false;
    if (queue_.size() > pool_->starting() + pool_->ready()) return pool_->starting() < kMaxStartingInNeed;
    if (pool_->wanted() == 0 || pool_->starting() >= kMaxStarting) return false;
    return starting_ == 0 || pool_->ready() < pool_->target() / 2;
}

int Spawner::timeoutMs() const {
    const uint64_t now_ns = monotonicNs();
    if (wantsCell(now_ns)) return 0;
    if (!deferred_.empty()) return 1;
    constexpr uint64_t kLongestNs = 1'000'000'000ULL;
    uint64_t next_ns = std::min(now_ns + kLongestNs, std::max(next_deadline_ns_, now_ns));
    if (cell_retry_ns_ > now_ns) next_ns = std::min(next_ns, cell_retry_ns_);
    return static_cast<int>((next_ns - now_ns + 999'999) / 1'000'000);
}

/// When there is nothing else to do; or when children wait, for which the events of others leave no idle turn.
void Spawner::makeCells() {
    const uint64_t now_ns = monotonicNs();
    while (wantsCell(now_ns)) {
        if (const Result<void> started = pool_->startOne(); !started.ok()) return cellFailed(started.error());
    }
}

/// Tried again after a pause; when it keeps failing, nobody waits for cells that will not come.
void Spawner::cellFailed(const Error& error) {
    constexpr uint32_t kEnough = 3;
    std::fprintf(stderr, "spawner: %s for %s: %s\n", error.stage.c_str(), error.object.c_str(), error.detail.c_str());
    cell_retry_ns_ = monotonicNs() + 100'000'000ULL;
    if (++cell_failures_ < kEnough) return;
    while (!queue_.empty()) failChild(queue_.front(), error);
}

void Spawner::acceptConnections() {
    for (;;) {
        Result<std::optional<UniqueFd>> accepted = control::tryAccept(listener_.get());
        if (!accepted.ok() || !accepted->has_value()) return;
        const int fd = (*accepted)->get();
        connections_.emplace(fd, std::make_unique<Connection>(std::move(**accepted)));
        watch(fd, EPOLLIN);
    }
}

void Spawner::readConnection(int fd) {
    constexpr int kPacketsAtOnce = 16;
    for (int count = 0; count < kPacketsAtOnce; ++count) {
        const auto found = connections_.find(fd);
        if (found == connections_.end() || ending_) return;
        Result<std::optional<control::Packet>> packet = control::tryReceivePacket(fd);
        if (!packet.ok()) {
            if (packet.error().code != ErrorCode::kResourceExhausted) dropConnection(fd);
            return;
        }
        if (!packet->has_value()) return;
        handle(*found->second, std::move(**packet));
    }
}

void Spawner::dropConnection(int fd) {
    if (fd == pager_fd_) losePager();
    connections_.erase(fd);
}

void Spawner::readSignals() {
    signalfd_siginfo info{};
    while (read(signals_.get(), &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo != SIGCHLD) ending_ = ending_ || info.ssi_signo != SIGHUP;
    }
    reap();
}

}  // namespace farfork
