// SPDX-License-Identifier: Apache-2.0
#include "capture/objects/socket_queue.h"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace farfork::capturing {
namespace {

constexpr int kScmPidfd = 4;  // linux include/linux/socket.h, from 6.5 on
/// SCM_MAX_FD (linux include/net/scm.h) descriptors, credentials, a time stamp, a security label.
constexpr size_t kControlBytes = 2048;
constexpr size_t kMaxRights = 253;

void setPeekOffset(int socket, int offset) {
    syscall(SYS_setsockopt, socket, SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof offset);
}

}  // namespace

SocketQueue::SocketQueue(int socket) {
    int waiting = 0, send_bytes = 0;
    socklen_t size = sizeof send_bytes;
    ioctl(socket, SIOCINQ, &waiting);
    getsockopt(socket, SOL_SOCKET, SO_SNDBUF, &send_bytes, &size);
    pollfd event{socket, POLLIN, 0};
    const bool some = poll(&event, 1, 0) > 0 && (event.revents & POLLIN);
    // Memory that is not touched costs nothing.
    capacity_ = some ? 2 * static_cast<size_t>(waiting) + 16 * static_cast<size_t>(send_bytes) : 4096;
    bytes_ = std::make_unique_for_overwrite<std::byte[]>(capacity_);
    messages_.reserve(some ? 8192 : 16);
    rights_.reserve(some ? 4 * kMaxRights : 16);
}

void SocketQueue::clear() {
    closeRights(0);
    messages_.clear();
    used_ = 0;
}

void SocketQueue::closeRights(size_t from) {
    for (size_t i = from; i < rights_.size(); i++) syscall(SYS_close, rights_[i]);
    rights_.resize(from);
}

bool SocketQueue::readControl(const msghdr& header, Message& message) {
    message.first_right = rights_.size();
    bool fits = true;
    for (const cmsghdr* part = CMSG_FIRSTHDR(&header); part;
         part = CMSG_NXTHDR(const_cast<msghdr*>(&header), const_cast<cmsghdr*>(part))) {
        if (part->cmsg_level != SOL_SOCKET) continue;
        if (part->cmsg_type == SCM_CREDENTIALS) {
            std::memcpy(&message.credentials, CMSG_DATA(part), sizeof message.credentials);
            message.has_credentials = message.credentials.pid != 0;  // 0: it was sent without
        }
        if (part->cmsg_type != SCM_RIGHTS && part->cmsg_type != kScmPidfd) continue;
        for (size_t at = 0; at + CMSG_LEN(sizeof(int)) <= part->cmsg_len; at += sizeof(int)) {
            int given = -1;
            std::memcpy(&given, CMSG_DATA(part) + at, sizeof given);
            fits = fits && rights_.size() < rights_.capacity();
            if (part->cmsg_type == kScmPidfd || !fits)
                syscall(SYS_close, given);
            else
                rights_.push_back(given);
        }
    }
    message.rights = rights_.size() - message.first_right;
    return fits;
}

SocketQueue::Outcome SocketQueue::readOne(int socket, long& got) {
    if (messages_.size() == messages_.capacity()) return Outcome::kTooMuch;
    Message message;
    message.offset = used_;
    iovec room{bytes_.get() + used_, capacity_ - used_};
    alignas(cmsghdr) char control[kControlBytes];
    msghdr header{&message.name, sizeof message.name, &room, 1, control, sizeof control, 0};
    got = syscall(SYS_recvmsg, socket, &header, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0) return errno == EAGAIN ? Outcome::kRead : Outcome::kFailed;
    const bool fits = readControl(header, message);
    message.size = static_cast<size_t>(got);
    message.name_size = header.msg_namelen;
    messages_.push_back(message);
    used_ += message.size;
    if (header.msg_flags & MSG_CTRUNC) return Outcome::kFailed;
    return fits && used_ < capacity_ && !(header.msg_flags & MSG_TRUNC) ? Outcome::kRead : Outcome::kTooMuch;
}

SocketQueue::Outcome SocketQueue::read(int socket, bool is_stream, int waiting_bytes, int peek_offset) {
    setPeekOffset(socket, 0);
    Outcome outcome = Outcome::kRead;
    // Reading behind the end of a stream would take its error, which the parent is to hear (linux net/unix/af_unix.c,
    // unix_stream_read_generic).
    while (outcome == Outcome::kRead && !(is_stream && used_ >= static_cast<size_t>(waiting_bytes))) {
        long got = -1;
        outcome = readOne(socket, got);
        if (got < 0 || outcome != Outcome::kRead) break;
        // The end of a SOCK_SEQPACKET connection reads like an empty message (unix_dgram_recvmsg).
        if (got == 0 && messages_.back().name_size == 0 && used_ >= static_cast<size_t>(waiting_bytes)) {
            pollfd event{socket, POLLRDHUP, 0};
            if (syscall(SYS_poll, &event, 1, 0) > 0 && (event.revents & POLLRDHUP)) {
                messages_.pop_back();
                break;
            }
        }
    }
    setPeekOffset(socket, peek_offset);
    return outcome;
}

}  // namespace farfork::capturing
