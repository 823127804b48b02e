// SPDX-License-Identifier: Apache-2.0
#include "cell/pool.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace farfork {

Result<CellPool> CellPool::make(CellOptions options, uint32_t target) {
    CellPool pool(std::move(options), target);
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return makeErrno(ErrorCode::kCellFailed, "cell.pool", "news socket", "socketpair", errno);
    }
    pool.news_receiver_.reset(ends[0]);
    pool.news_sender_.reset(ends[1]);
    Result<CellMaker> maker = startCellMaker(pool.options_, pool.news_sender_.get());
    if (!maker.ok()) return std::move(maker).error();
    pool.maker_ = std::move(*maker);
    return pool;
}

CellPool::~CellPool() {
    stopAll();
}

void CellPool::stopAll() {
    for (const auto& [number, starting] : starting_) {
        if (starting.cell.init_pid > 0) kill(starting.cell.init_pid, SIGTERM);
    }
    for (const Cell& cell : ready_) kill(cell.init_pid, SIGTERM);
    starting_.clear();
    ready_.clear();
}

size_t CellPool::wanted() const {
    const size_t have = ready_.size() + starting_.size();
    return have >= target_ ? 0 : target_ - have;
}

Result<void> CellPool::startOne() {
    const uint64_t number = next_number_++;
    if (send(maker_.requests.get(), &number, sizeof(number), MSG_DONTWAIT | MSG_NOSIGNAL) != sizeof(number)) {
        return makeErrno(ErrorCode::kCellFailed, "cell.request", "maker " + std::to_string(maker_.pid), "send", errno);
    }
    starting_[number].cell.number = number;
    return {};
}

Result<void> CellPool::onNews(const CellNews& news, UniqueFd pidfd, UniqueFd keep) {
    const auto found = starting_.find(news.number);
    if (found == starting_.end()) {
        // Made for a pool that was told to stop.
        if (news.init_pid > 0) kill(news.init_pid, SIGTERM);
        return {};
    }
    Starting& starting = found->second;
    if (news.error != 0) {
        starting_.erase(found);
        return makeErrno(ErrorCode::kCellFailed, cellStepName(news.step), "cell " + std::to_string(news.number),
                         "set-up", news.error);
    }
    if (news.kind == CellNews::Kind::kMade) {
        starting.made = true;
        starting.cell.init_pid = news.init_pid;
        starting.cell.pidfd = std::move(pidfd);
        starting.cell.keep = std::move(keep);
    } else {
        starting.ready = true;
    }
    if (starting.made && starting.ready) {
        ready_.push_back(std::move(starting.cell));
        starting_.erase(found);
    }
    return {};
}

Result<void> CellPool::drain() {
    Result<void> result;
    for (;;) {
        CellNews news;
        iovec piece{&news, sizeof(news)};
        alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))];
        msghdr message{};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof(control);
        if (recvmsg(news_receiver_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != sizeof(news)) return result;
        int fds[2] = {-1, -1};
        const cmsghdr* const entry = CMSG_FIRSTHDR(&message);
        if (entry != nullptr && entry->cmsg_type == SCM_RIGHTS) {
            std::memcpy(fds, CMSG_DATA(entry), std::min(sizeof(fds), entry->cmsg_len - CMSG_LEN(0)));
        }
        UniqueFd pidfd(fds[0]), keep(fds[1]);
        if (news.kind == CellNews::Kind::kMade && news.error == 0 && !keep.valid()) news.error = EMFILE;
        Result<void> taken = onNews(news, std::move(pidfd), std::move(keep));
        if (!taken.ok()) result = std::move(taken);
    }
}

std::optional<Cell> CellPool::take() {
    if (ready_.empty()) return std::nullopt;
    Cell cell = std::move(ready_.front());
    ready_.pop_front();
    return cell;
}

bool CellPool::forgetExited(pid_t pid) {
    if (pid == maker_.pid) {
        starting_.clear();
        if (Result<CellMaker> maker = startCellMaker(options_, news_sender_.get()); maker.ok())
            maker_ = std::move(*maker);
        return true;
    }
    const auto started =
        std::ranges::find_if(starting_, [&](const auto& entry) { return entry.second.cell.init_pid == pid; });
    if (started != starting_.end()) {
        starting_.erase(started);
        return true;
    }
    const auto found = std::ranges::find_if(ready_, [&](const Cell& cell) { return cell.init_pid == pid; });
    if (found == ready_.end()) return false;
    ready_.erase(found);
    return true;
}

}  // namespace farfork
