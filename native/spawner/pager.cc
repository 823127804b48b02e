// SPDX-License-Identifier: Apache-2.0
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "spawner/decode.h"
#include "spawner/spawner.h"

namespace farfork {

void Spawner::registerPager(Connection& from, const control::Packet& packet) {
    const auto message = decodeFrom<control::PagerRegister>(from, packet);
    if (!message) return;
    const int32_t peer = control::peerPid(from.fd());
    const pid_t pid = peer > 0 ? peer : static_cast<pid_t>(message->pid);
    UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd.valid()) {
        return send(from,
                    from.replyError(packet.request_id, makeErrno(ErrorCode::kInvalidArgument, "spawner.pager",
                                                                 "pid " + std::to_string(pid), "pidfd_open", errno)));
    }
    // One pager at a time; what depended on an earlier one cannot be served by this one.
    if (pager_fd_ >= 0) losePager();
    from.role = Connection::Role::kPager;
    pager_fd_ = from.fd();
    pager_pid_ = pid;
    pager_pidfd_ = std::move(pidfd);
    watch(pager_pidfd_.get(), EPOLLIN);
    send(from, from.reply(packet.request_id, control::Ack{}));
}

void Spawner::losePager() {
    if (pager_fd_ < 0) return;
    const pid_t lost = pager_pid_;
    const auto connection = connections_.find(pager_fd_);
    if (connection != connections_.end()) {
        connection->second->role = Connection::Role::kUnknown;
        shutdown(pager_fd_, SHUT_RDWR);
    }
    pager_fd_ = -1;
    pager_pid_ = 0;
    pager_pidfd_.reset();
    const Error error{ErrorCode::kPagerLost, "spawner.pager", "pager " + std::to_string(lost),
                      "it ended, or closed its connection", 0};
    std::vector<std::shared_ptr<Child>> dependents;
    for (const auto& [serial, child] : by_serial_) {
        if (!child->isParent()) dependents.push_back(child);
    }
    for (const std::shared_ptr<Child>& child : dependents) {
        const bool waiting = child->pending();
        if (child->stop_error.code == ErrorCode::kNone && !child->process_gone) child->stop_error = error;
        if (waiting) {
            failChild(child, error);
        } else {
            stopChild(child);
        }
    }
    std::vector<std::string> ids;
    for (const auto& [id, seed] : seeds_) ids.push_back(id);
    for (const std::string& id : ids) dropSeed(id);
    broadcast(control::MessageType::kPagerLost,
              control::encodeMessage(control::PagerLost{static_cast<uint32_t>(lost)}));
}

}  // namespace farfork
