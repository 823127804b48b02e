// SPDX-License-Identifier: Apache-2.0
#include "capture/objects/unix_socket.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "capture/errors.h"
#include "capture/files.h"
#include "capture/objects/socket.h"
#include "capture/objects/socket_holders.h"
#include "capture/objects/socket_layout.h"

namespace farfork::capturing {
namespace {

constexpr uint32_t kShutDown = 3;  // SHUTDOWN_MASK, linux include/net/sock.h

}  // namespace

UnixSocket::UnixSocket(const Opened& opened, int type, std::shared_ptr<UnixDiag> diag)
    : pid_(opened.proc.pid()),
      fd_(opened.file.fd),
      duplicate_(opened.duplicate),
      type_(type),
      inode_(static_cast<uint32_t>(opened.about.st_ino)),
      link_(opened.link),
      diag_(std::move(diag)),
      options_(AF_UNIX, type, 0),
      queue_(opened.duplicate) {}

bool UnixSocket::confirm() {
    if (!diag_->query(inode_, facts_)) return false;
    name_size_ = sizeof name_;
    socklen_t size = sizeof peer_;
    if (syscall(SYS_getsockname, duplicate_, &name_, &name_size_) != 0) return false;
    if (syscall(SYS_getsockopt, duplicate_, SOL_SOCKET, SO_PEERCRED, &peer_, &size) != 0) peer_ = {0, UINT32_MAX, 0};
    size = 0;
    filter_ = syscall(SYS_getsockopt, duplicate_, SOL_SOCKET, SO_GET_FILTER, nullptr, &size) != 0
                  ? errno == EACCES
                  : static_cast<int>(size);
    options_.read(duplicate_);
    pollfd event{duplicate_, POLLIN | POLLPRI | POLLOUT | POLLRDHUP, 0};
    syscall(SYS_poll, &event, 1, 0);
    events_ = event.revents;
    waiting_bytes_ = unread_bytes_ = 0;
    queue_.clear();
    outcome_ = SocketQueue::Outcome::kRead;
    if (facts_.state == TCP_LISTEN) return true;
    syscall(SYS_ioctl, duplicate_, SIOCINQ, &waiting_bytes_);
    syscall(SYS_ioctl, duplicate_, SIOCOUTQ, &unread_bytes_);
    // A message's error would be taken by looking at it (linux net/core/datagram.c, __skb_try_recv_datagram).
    const bool untouchable = (events_ & POLLPRI) || (type_ != SOCK_STREAM && (events_ & POLLERR));
    if ((events_ & POLLIN) && !untouchable)
        outcome_ = queue_.read(duplicate_, type_ == SOCK_STREAM, waiting_bytes_, options_.valueOf(SO_PEEK_OFF));
    return outcome_ != SocketQueue::Outcome::kTooMuch;
}

std::string_view UnixSocket::name() const {
    constexpr size_t kFamilyBytes = offsetof(sockaddr_un, sun_path);
    if (name_size_ <= kFamilyBytes) return {};
    return {reinterpret_cast<const char*>(&name_), name_size_};
}

std::string UnixSocket::title(const std::string& link) const {
    if (name().empty()) return link;
    std::string text(name().substr(offsetof(sockaddr_un, sun_path)));
    if (text[0] == '\0') text[0] = '@';
    return link + " " + text.c_str();
}

Error UnixSocket::refuse(const std::string& note) const {
    return notCarried(nameFile(fd_, title(link_), note));
}

void UnixSocket::collect(const FileTable& files) {
    const auto sockets = std::make_shared<Sockets>();
    for (const FileTable::Entry& entry : files.entries()) {
        if (entry.file.kind != FF_FILE_UNIX_SOCKET) continue;
        auto* socket = static_cast<UnixSocket*>(entry.object.get());
        socket->sockets_ = sockets;
        if (!sockets->by_inode.try_emplace(socket->inode_, socket).second) continue;
        sockets->all.push_back(socket);
        if (socket->facts_.state == TCP_LISTEN) sockets->listeners.push_back(socket);
    }
}

/// The listener in whose accept queue this one waits.
const UnixSocket* UnixSocket::listenerOf(const Sockets& sockets) const {
    for (const UnixSocket* each : sockets.listeners) {
        const auto* end = each->facts_.pending + std::min<size_t>(each->facts_.pending_count, UnixFacts::kMaxPending);
        if (std::find(each->facts_.pending, end, inode_) != end) return each;
    }
    return nullptr;
}

Result<void> UnixSocket::check() const {
    if (filter_) return refuse("socket filter");
    if (events_ & POLLPRI) return refuse("urgent data");
    if (facts_.pending_count > UnixFacts::kMaxPending) return refuse("a long accept queue");
    if (type_ != SOCK_STREAM && (events_ & POLLERR) && waiting_bytes_ > 0) return refuse("messages behind an error");
    if (outcome_ != SocketQueue::Outcome::kRead) return refuse("its queue cannot be read");
    return {};
}

/// Both ends here, and one of them elsewhere too: two processes would take turns at the same bytes.
Result<void> UnixSocket::checkHolders(const Sockets& sockets) const {
    if (sockets.all.front() != this) return {};  // once a table is enough
    std::vector<uint64_t> inodes;
    for (const UnixSocket* each : sockets.all) {
        ff_socket judged{};
        (void)each->judge(sockets, judged);
        if (judged.state == FF_SOCKET_CONNECTED || judged.state == FF_SOCKET_PENDING) inodes.push_back(each->inode_);
    }
    const auto outsider = inodes.empty() ? std::nullopt : findSocketHolder(inodes, pid_);
    if (!outsider) return {};
    const UnixSocket* held = sockets.by_inode.at(static_cast<uint32_t>(outsider->inode));
    return held->refuse("also open in pid " + std::to_string(outsider->pid));
}

/// Sets its state; returns the other one that the state refers to.
const UnixSocket* UnixSocket::judge(const Sockets& sockets, ff_socket& socket) const {
    socket.state = FF_SOCKET_IDLE;
    if (facts_.state == TCP_LISTEN) socket.state = FF_SOCKET_LISTENING;
    if (facts_.state == TCP_LISTEN || !facts_.has_peer) return nullptr;
    if (facts_.peer == 0) {
        const UnixSocket* listener = listenerOf(sockets);
        const bool closed = type_ == SOCK_DGRAM || facts_.shutdown == kShutDown;
        socket.state = listener ? FF_SOCKET_PENDING : closed ? FF_SOCKET_ENDED : FF_SOCKET_RESET;
        return listener;
    }
    const auto found = sockets.by_inode.find(facts_.peer);
    if (found == sockets.by_inode.end()) {
        socket.state = FF_SOCKET_RESET;
        return nullptr;
    }
    socket.state = FF_SOCKET_CONNECTED;
    socket.mutual = found->second != this && found->second->facts_.peer == inode_;
    return found->second;
}

/// Callers from outside are left out: their connection stays with the parent.
Result<std::vector<int32_t>> UnixSocket::pendingIn(const Sockets& sockets) const {
    std::vector<int32_t> pending;
    for (uint32_t i = 0; i < facts_.pending_count; i++) {
        const auto caller = sockets.by_inode.find(facts_.pending[i]);
        if (caller == sockets.by_inode.end()) continue;
        if (caller->second->unread_bytes_ != 0)
            return caller->second->refuse("data sent to a connection that is not accepted yet");
        pending.push_back(caller->second->fd_);
    }
    return pending;
}

/// An empty message that somebody has peeked at cannot be seen behind others by SO_PEEK_OFF (linux net/core/datagram.c,
/// __skb_try_recv_from_queue). But its sender is charged for it.
bool UnixSocket::hidesMessages(const UnixSocket& sender) const {
    int pair[2], charged = 0;
    if (socketpair(AF_UNIX, type_ | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) return true;
    const int room = 1 << 29;
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
    for (const SocketQueue::Message& message : queue_.messages()) {
        int bytes = 0;
        if (send(pair[0], queue_.bytesOf(message), message.size, 0) < 0) break;
        ioctl(pair[0], SIOCOUTQ, &bytes);
        charged += bytes;
        (void)recv(pair[1], nullptr, 0, MSG_TRUNC);
    }
    close(pair[0]);
    close(pair[1]);
    return sender.unread_bytes_ != charged;
}

Result<std::vector<std::byte>> UnixSocket::describe(const FileTable& files) {
    if (!sockets_) collect(files);
    const Sockets& sockets = *sockets_;
    if (auto good = check(); !good) return good.error();
    if (auto alone = checkHolders(sockets); !alone) return alone.error();
    ff_socket socket{};
    socket.domain = AF_UNIX;
    socket.type = static_cast<uint32_t>(type_);
    const UnixSocket* peer = judge(sockets, socket);
    socket.peer = peer ? peer->fd_ : -1;
    socket.shutdown = facts_.shutdown;
    socket.error = type_ != SOCK_DGRAM && (events_ & POLLERR) ? 1 : 0;
    socket.backlog = static_cast<int32_t>(facts_.backlog);
    socket.peer_uid = peer_.uid;
    socket.peer_gid = peer_.gid;
    if (peer && socket.state == FF_SOCKET_CONNECTED && !socket.mutual && peer->name().empty())
        return refuse("connected one way to a socket without a name");
    const bool reset = socket.state == FF_SOCKET_RESET;
    auto pending = pendingIn(sockets);
    if (!pending) return pending.error();
    std::vector<std::byte> bytes = startSocket(socket, &name_, reset ? 0 : name().size(),
                                               reset ? std::vector<ff_socket_option>() : options_.described());
    socket.pending_count = static_cast<uint32_t>(pending->size());
    socket.pending = appendPadded(bytes, pending->data(), pending->size() * sizeof(int32_t));
    if (!reset)
        if (auto added = addMessages(bytes, socket, peer, sockets, files); !added) return added.error();
    return finishSocket(std::move(bytes), socket);
}

Result<std::unique_ptr<CapturedObject>> makeUnixSocket(const Opened& opened, int type) {
    std::unique_ptr<CapturedObject> made;
    auto diag = UnixDiag::forSocket(opened.duplicate);
    UnixFacts facts;
    if (!diag || !diag->query(static_cast<uint32_t>(opened.about.st_ino), facts))
        return notCarried(nameFile(opened.file.fd, opened.link, "unix socket, on a kernel without unix_diag"));
    made = std::make_unique<UnixSocket>(opened, type, std::move(diag));
    return made;
}

}  // namespace farfork::capturing
