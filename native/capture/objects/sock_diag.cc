// SPDX-License-Identifier: Apache-2.0
#include "capture/objects/sock_diag.h"

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/unix_diag.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

namespace farfork::capturing {
namespace {

/// A netlink socket keeps the namespace in which it was made, so one task that goes there and ends is enough.
UniqueFd openIn(int net_namespace) {
    UniqueFd made;
    int error = 0;
    std::thread visitor([&] {
        if (setns(net_namespace, CLONE_NEWNET) == 0)
            made = UniqueFd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
        error = errno;
    });
    visitor.join();
    errno = error;
    return made;
}

void readAttributes(const std::byte* at, size_t left, UnixFacts& facts) {
    while (left >= sizeof(nlattr)) {
        nlattr attribute{};
        std::memcpy(&attribute, at, sizeof attribute);
        if (attribute.nla_len < sizeof attribute || attribute.nla_len > left) return;
        const std::byte* value = at + sizeof attribute;
        const size_t size = attribute.nla_len - sizeof attribute;
        if (attribute.nla_type == UNIX_DIAG_PEER && size >= 4) {
            facts.has_peer = true;
            std::memcpy(&facts.peer, value, 4);
        } else if (attribute.nla_type == UNIX_DIAG_SHUTDOWN && size >= 1) {
            facts.shutdown = std::to_integer<uint32_t>(*value);
        } else if (attribute.nla_type == UNIX_DIAG_RQLEN && size >= sizeof(unix_diag_rqlen)) {
            unix_diag_rqlen lengths{};  // of a listener: who waits, and for how many there is room
            std::memcpy(&lengths, value, sizeof lengths);
            facts.backlog = lengths.udiag_wqueue;
        } else if (attribute.nla_type == UNIX_DIAG_ICONS) {
            facts.pending_count = static_cast<uint32_t>(size / 4);
            std::memcpy(facts.pending, value, std::min(size / 4 * 4, sizeof facts.pending));
        }
        const size_t step = NLA_ALIGN(attribute.nla_len);
        if (step >= left) return;
        at += step;
        left -= step;
    }
}

}  // namespace

std::shared_ptr<UnixDiag> UnixDiag::forSocket(int socket) {
    static thread_local std::weak_ptr<UnixDiag> kept;
    const UniqueFd net_namespace(ioctl(socket, SIOCGSKNS));
    struct stat about {};
    if (!net_namespace.valid() || fstat(net_namespace.get(), &about) != 0) return nullptr;
    auto diag = kept.lock();
    if (diag && diag->namespace_inode_ == about.st_ino) return diag;
    diag = std::make_shared<UnixDiag>();
    diag->namespace_inode_ = about.st_ino;
    diag->netlink_ = openIn(net_namespace.get());
    if (!diag->netlink_.valid()) return nullptr;
    kept = diag;
    return diag;
}

bool UnixDiag::query(uint32_t inode, UnixFacts& facts) {
    struct {
        nlmsghdr header;
        unix_diag_req request;
    } question{};
    question.header = {sizeof question, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, ++sequence_, 0};
    question.request.sdiag_family = AF_UNIX;
    question.request.udiag_ino = inode;
    question.request.udiag_show = UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS | UDIAG_SHOW_RQLEN;
    question.request.udiag_cookie[0] = question.request.udiag_cookie[1] = UINT32_MAX;
    if (syscall(SYS_sendto, netlink_.get(), &question, sizeof question, 0, nullptr, 0) < 0) return false;
    alignas(8) std::byte reply[32 * 1024];
    for (;;) {  // the kernel answers within sendto
        const long got = syscall(SYS_recvfrom, netlink_.get(), reply, sizeof reply, MSG_DONTWAIT, nullptr, nullptr);
        nlmsghdr header{};
        if (got < static_cast<long>(sizeof header)) return false;
        std::memcpy(&header, reply, sizeof header);
        if (header.nlmsg_seq != sequence_) continue;
        if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || header.nlmsg_len > static_cast<size_t>(got)) return false;
        unix_diag_msg message{};
        if (header.nlmsg_len < sizeof header + sizeof message) return false;
        std::memcpy(&message, reply + sizeof header, sizeof message);
        if (message.udiag_ino != inode) return false;
        facts.state = message.udiag_state;
        facts.has_peer = false;
        facts.peer = facts.shutdown = facts.backlog = facts.pending_count = 0;
        readAttributes(reply + sizeof header + sizeof message, header.nlmsg_len - sizeof header - sizeof message,
                       facts);
        return true;
    }
}

}  // namespace farfork::capturing
