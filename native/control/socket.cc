// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

#include "base/clock.h"
#include "control/channel.h"

namespace farfork::control {
namespace {

constexpr uint32_t kRetryMs = 2;

/// sun_path holds 107 characters; a longer path is reached through its folder's descriptor.
struct SocketAddress {
    sockaddr_un address{};
    socklen_t size = 0;
    UniqueFd folder;
};

Result<SocketAddress> addressOf(const std::string& path) {
    SocketAddress result;
    result.address.sun_family = AF_UNIX;
    std::string reachable = path;
    if (path.empty() || path.find('\0') != std::string::npos) {
        return Error{ErrorCode::kInvalidArgument, "control.address", "socket \"" + path + "\"", "not a path"};
    }
    if (path.size() >= sizeof(result.address.sun_path)) {
        const size_t slash = path.rfind('/');
        const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
        result.folder.reset(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (!result.folder.valid()) {
            return makeErrno(errno == ENOENT ? ErrorCode::kUnavailable : ErrorCode::kInvalidArgument, "control.address",
                             "socket " + path, "open its folder", errno);
        }
        reachable = "/proc/self/fd/" + std::to_string(result.folder.get()) + "/" + path.substr(slash + 1);
    }
    if (reachable.size() >= sizeof(result.address.sun_path)) {
        return Error{ErrorCode::kInvalidArgument, "control.address", "socket " + path, "the file name is too long"};
    }
    std::memcpy(result.address.sun_path, reachable.c_str(), reachable.size() + 1);
    result.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + reachable.size() + 1);
    return result;
}

UniqueFd makeSocket() {
    return UniqueFd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

/// A packet must fit into the send buffer as a whole (linux net/unix/af_unix.c: EMSGSIZE above sk_sndbuf - 32).
void raiseBuffers(int socket) {
    const int bytes = static_cast<int>(4 * kMaxPacketBytes);
    setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
}

/// 0, or the errno of one connect attempt.
int connectOnce(const SocketAddress& address, UniqueFd& connected) {
    UniqueFd attempt = makeSocket();
    if (!attempt.valid()) return errno;
    if (connect(attempt.get(), reinterpret_cast<const sockaddr*>(&address.address), address.size) != 0) return errno;
    raiseBuffers(attempt.get());
    connected = std::move(attempt);
    return 0;
}

bool peerAllowed(int socket) {
    ucred credentials{};
    socklen_t size = sizeof(credentials);
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return false;
    return credentials.uid == 0 || credentials.uid == geteuid();
}

}  // namespace

Result<UniqueFd> listenAt(const std::string& path, int backlog) {
    Result<SocketAddress> address = addressOf(path);
    if (!address.ok()) return std::move(address).error();
    const std::string object = "socket " + path;
    UniqueFd probe;
    const int probed = connectOnce(*address, probe);
    if (probed == 0 || probed == EAGAIN) {
        return Error{ErrorCode::kUnavailable, "control.listen", object, "another process listens there"};
    }
    if (probed == ECONNREFUSED) unlink(path.c_str());
    UniqueFd listener = makeSocket();
    if (!listener.valid()) return makeErrno(ErrorCode::kInternal, "control.listen", object, "socket", errno);
    // The file's mode comes from the socket's inode (linux net/unix/af_unix.c, unix_bind), so it is never wider.
    fchmod(listener.get(), 0600);
    if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address->address), address->size) != 0) {
        return makeErrno(errno == ENOENT || errno == EACCES ? ErrorCode::kInvalidArgument : ErrorCode::kInternal,
                         "control.listen", object, "bind", errno);
    }
    if (listen(listener.get(), backlog) != 0) {
        return makeErrno(ErrorCode::kInternal, "control.listen", object, "listen", errno);
    }
    return listener;
}

Result<std::optional<UniqueFd>> tryAccept(int listener) {
    for (;;) {
        UniqueFd accepted(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (accepted.valid()) {
            if (!peerAllowed(accepted.get())) continue;
            raiseBuffers(accepted.get());
            return std::optional<UniqueFd>(std::move(accepted));
        }
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno == EAGAIN) return std::optional<UniqueFd>();
        const bool exhausted = errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS;
        return makeErrno(exhausted ? ErrorCode::kResourceExhausted : ErrorCode::kInternal, "control.accept", "listener",
                         "accept4", errno);
    }
}

Result<UniqueFd> connectTo(const std::string& path, uint32_t deadline_ms) {
    const uint64_t deadline_ns = monotonicNs() + deadline_ms * 1'000'000ULL;
    for (;;) {
        Result<SocketAddress> address = addressOf(path);
        int failed = ENOENT;
        if (address.ok()) {
            UniqueFd connected;
            failed = connectOnce(*address, connected);
            if (failed == 0) return connected;
        } else if (address.error().code != ErrorCode::kUnavailable) {
            return std::move(address).error();
        }
        const bool may_come = failed == ENOENT || failed == ECONNREFUSED || failed == EAGAIN || failed == EINTR;
        if (!may_come || monotonicNs() >= deadline_ns) {
            return makeErrno(ErrorCode::kUnavailable, "control.connect", "socket " + path, "connect", failed);
        }
        poll(nullptr, 0, kRetryMs);
    }
}

Result<std::pair<UniqueFd, UniqueFd>> socketPair() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return makeErrno(errno == EMFILE || errno == ENFILE ? ErrorCode::kResourceExhausted : ErrorCode::kInternal,
                         "control.pair", "socket pair", "socketpair", errno);
    }
    raiseBuffers(ends[0]);
    raiseBuffers(ends[1]);
    return std::pair<UniqueFd, UniqueFd>(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

int32_t peerPid(int socket) {
    ucred credentials{};
    socklen_t size = sizeof(credentials);
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return 0;
    return credentials.pid;
}

}  // namespace farfork::control
