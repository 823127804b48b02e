// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "capture/objects/epoll.h"

namespace farfork::capturing {
namespace {

/// Beyond this the pause would grow; then every edge whose file is ready counts as pending.
constexpr size_t kMaxReadEntries = 256;
constexpr size_t kStackBytes = 16384;

bool isArmed(const EpollEntry& entry) {
    return entry.state != FF_EPOLL_DISARMED;
}
/// epoll_wait(2) takes it off the list, or disarms it.
bool isTaken(const EpollEntry& entry) {
    return isArmed(entry) && entry.events & (EPOLLET | EPOLLONESHOT);
}

int pollNow(pollfd* polls, size_t count) {
    for (int attempt = 0; attempt < 3; attempt++) {  // EINTR: a signal of ours is pending
        const long ready = syscall(SYS_poll, polls, count, 0);
        if (ready >= 0 || errno != EINTR) return static_cast<int>(ready);
    }
    return -1;
}

}  // namespace

EpollEdges::EpollEdges(int epoll, size_t entries, bool pollable, bool readable)
    : epoll_(epoll), pollable_(pollable), readable_(readable), polls_(entries), events_(entries) {
    if (readable_ && entries) stack_.resize(kStackBytes);
}

bool EpollEdges::read(std::vector<EpollEntry>& entries) {
    if (!pollable_) return true;
    bool any = false;
    if (!pollTargets(entries, any)) return false;
    if (!any) return true;
    pollfd whole{epoll_, POLLIN, 0};
    const int ready = pollNow(&whole, 1);
    if (ready < 0) return false;
    if (ready > 0 && !readList(entries)) return true;
    for (EpollEntry& entry : entries)
        if (entry.ready && !entry.pending) entry.state = FF_EPOLL_CONSUMED;
    return true;
}

bool EpollEdges::pollTargets(std::vector<EpollEntry>& entries, bool& any) {
    for (size_t i = 0; i < entries.size(); i++) {
        EpollEntry& entry = entries[i];
        entry.ready = entry.pending = false;
        // What can become ready in the child at any time must not lose that edge to the moment in which the child
        // consumes the old one; and its own standard streams have edges of their own.
        const bool own = entry.target_kind == FF_FILE_TIMERFD || entry.target_kind == FF_FILE_SIGNALFD ||
                         entry.target_kind == FF_FILE_STDIO || entry.target_kind == FF_FILE_CONTROL;
        const bool wanted = isArmed(entry) && (entry.events & EPOLLET) && !own;
        polls_[i] = {wanted ? entry.target : -1, static_cast<short>(entry.events & 0xffff), 0};
    }
    const int ready = pollNow(polls_.data(), polls_.size());
    for (size_t i = 0; i < entries.size(); i++)
        entries[i].ready = ready > 0 && (static_cast<uint32_t>(polls_[i].revents) & entries[i].events & 0xffff);
    any = ready > 0;
    return ready >= 0;
}

/// False when it cannot be read in such a way that it is the same afterwards.
bool EpollEdges::readList(std::vector<EpollEntry>& entries) {
    const auto armed = std::count_if(entries.begin(), entries.end(), isArmed);
    for (EpollEntry& entry : entries) entry.pending = armed == 1 && entry.ready;
    if (armed == 1) return true;
    if (!readable_ || entries.size() > kMaxReadEntries) return false;
    for (const EpollEntry& entry : entries) {
        if (isTaken(entry) && entry.events & (EPOLLEXCLUSIVE | EPOLLWAKEUP)) return false;  // not to be put back
        for (const EpollEntry& other : entries)
            if (&other != &entry && isArmed(entry) && isArmed(other) && entry.data == other.data) return false;
    }
    entries_ = &entries;
    read_ = false;
    const auto enter = [](void* self) { return static_cast<EpollEdges*>(self)->readInOwnTable(), 0; };
    // EPOLL_CTL_MOD finds an entry by its number in the caller's descriptor table, so it takes a table in which these
    // numbers may be used. No CLONE_SETTLS: see runGuarded.
    const int pid = clone(enter, stack_.data() + stack_.size(), CLONE_VM | CLONE_VFORK, this);
    if (pid < 0) return false;
    while (waitpid(pid, nullptr, __WALL) < 0 && errno == EINTR) {
    }
    return read_;
}

void EpollEdges::readInOwnTable() {
    int base = 0;
    for (const EpollEntry& entry : *entries_) base = std::max(base, entry.number + 1);
    const int epoll = fcntl(epoll_, F_DUPFD_CLOEXEC, base);
    if (epoll < 0) return;
    for (EpollEntry& entry : *entries_)
        if (isTaken(entry) && (entry.moved = fcntl(entry.target, F_DUPFD_CLOEXEC, base)) < 0) return;
    for (const EpollEntry& entry : *entries_) {
        if (!isTaken(entry)) continue;
        if (dup2(entry.moved, entry.number) != entry.number) return;
        epoll_event nothing{};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, entry.number, &nothing) == 0) {  // it is not there any more
            epoll_ctl(epoll, EPOLL_CTL_DEL, entry.number, nullptr);
            return;
        }
        if (errno != EEXIST) return;
    }
    const long count = syscall(SYS_epoll_wait, epoll, events_.data(), events_.size(), 0);
    if (count < 0) return;
    for (long i = 0; i < count; i++)
        for (EpollEntry& entry : *entries_) {
            if (!isArmed(entry) || entry.data != events_[static_cast<size_t>(i)].data.u64) continue;
            entry.pending = entry.events & EPOLLET;
            if (!isTaken(entry)) continue;
            epoll_event same{};
            same.events = entry.events;
            same.data.u64 = entry.data;
            dup2(entry.moved, entry.number);
            epoll_ctl(epoll, EPOLL_CTL_MOD, entry.number, &same);
        }
    read_ = true;
}

}  // namespace farfork::capturing
