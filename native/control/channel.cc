// SPDX-License-Identifier: Apache-2.0
#include "control/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

#include "base/clock.h"

namespace farfork::control {
namespace {

Error closedError(const char* stage) {
    return {ErrorCode::kUnavailable, stage, "control socket", "the peer closed it"};
}

/// Waits for `events`; false when the deadline passed.
bool waitFor(int socket, short events, uint64_t deadline_ns) {
    for (;;) {
        const uint64_t now_ns = monotonicNs();
        const uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
        pollfd wanted{socket, events, 0};
        const int ready = poll(&wanted, 1, static_cast<int>((left_ns + 999'999) / 1'000'000));
        if (ready > 0) return true;
        if (ready == 0 && left_ns == 0) return false;
        if (ready < 0 && errno != EINTR) return true;  // the socket call that follows names the failure
    }
}

/// Every descriptor that a received control message carries.
std::vector<UniqueFd> takeFds(msghdr& message) {
    std::vector<UniqueFd> fds;
    for (cmsghdr* entry = CMSG_FIRSTHDR(&message); entry != nullptr; entry = CMSG_NXTHDR(&message, entry)) {
        if (entry->cmsg_level != SOL_SOCKET || entry->cmsg_type != SCM_RIGHTS) continue;
        const size_t count = (entry->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t index = 0; index < count; ++index) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(entry) + index * sizeof(int), sizeof(int));
            fds.emplace_back(fd);
        }
    }
    return fds;
}

/// Checks the header against what arrived; an empty string when all is well.
std::string headerFault(const PacketHeader& header, size_t received_bytes, size_t received_fds) {
    if (header.magic != kMagic) return "the packet does not begin with the magic number";
    if (header.version != kVersion) {
        return "the peer speaks control version " + std::to_string(header.version) + ", this process " +
               std::to_string(kVersion);
    }
    if (header.body_bytes != received_bytes - sizeof(header)) {
        return "the header says " + std::to_string(header.body_bytes) + " body bytes, " +
               std::to_string(received_bytes - sizeof(header)) + " arrived";
    }
    if (header.fd_count != received_fds) {
        return "the header says " + std::to_string(header.fd_count) + " descriptors, " + std::to_string(received_fds) +
               " arrived";
    }
    return {};
}

Result<std::optional<Packet>> unpack(const std::array<char, kMaxPacketBytes>& buffer, size_t received_bytes,
                                     msghdr& message) {
    Packet packet;
    packet.fds = takeFds(message);
    PacketHeader header;
    if (received_bytes < sizeof(header) || (message.msg_flags & MSG_TRUNC) != 0) {
        return Error{ErrorCode::kControlProtocol, "control.receive", "packet",
                     received_bytes < sizeof(header) ? "shorter than a header" : "longer than a packet may be"};
    }
    std::memcpy(&header, buffer.data(), sizeof(header));
    // MSG_CTRUNC with fewer descriptors than the control buffer holds: none were left to install them (net/core/scm.c).
    if ((message.msg_flags & MSG_CTRUNC) != 0) {
        return Error{ErrorCode::kResourceExhausted, "control.receive", "packet type " + std::to_string(header.type),
                     "of " + std::to_string(header.fd_count) + " descriptors only " +
                         std::to_string(packet.fds.size()) + " could be received: raise the limit of open files"};
    }
    if (std::string fault = headerFault(header, received_bytes, packet.fds.size()); !fault.empty()) {
        return Error{ErrorCode::kControlProtocol, "control.receive", "packet type " + std::to_string(header.type),
                     std::move(fault)};
    }
    packet.type = static_cast<MessageType>(header.type);
    packet.request_id = header.request_id;
    packet.body.assign(buffer.data() + sizeof(header), header.body_bytes);
    return std::optional<Packet>(std::move(packet));
}

}  // namespace

Result<bool> trySendPacket(int socket, MessageType type, uint64_t request_id, std::string_view body,
                           std::span<const int> fds) {
    const std::string object = "packet type " + std::to_string(static_cast<int>(type));
    if (body.size() > kMaxBodyBytes || fds.size() > kMaxPacketFds) {
        return Error{ErrorCode::kInvalidArgument, "control.send", object,
                     std::to_string(body.size()) + " bytes and " + std::to_string(fds.size()) +
                         " descriptors do not fit into a packet"};
    }
    PacketHeader header{.type = static_cast<uint16_t>(type),
                        .request_id = request_id,
                        .body_bytes = static_cast<uint32_t>(body.size()),
                        .fd_count = static_cast<uint32_t>(fds.size())};
    std::array<iovec, 2> pieces{iovec{&header, sizeof(header)}, iovec{const_cast<char*>(body.data()), body.size()}};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxPacketFds * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    if (!fds.empty()) {
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(fds.size_bytes());
        cmsghdr* entry = CMSG_FIRSTHDR(&message);
        entry->cmsg_level = SOL_SOCKET;
        entry->cmsg_type = SCM_RIGHTS;
        entry->cmsg_len = CMSG_LEN(fds.size_bytes());
        std::memcpy(CMSG_DATA(entry), fds.data(), fds.size_bytes());
    }
    for (;;) {
        if (sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return true;
        switch (errno) {
            case EINTR:
                continue;
            case EAGAIN:
                return false;
            case EPIPE:
            case ECONNRESET:
            case ENOTCONN:
                return closedError("control.send");
            case ENOBUFS:
            case ENOMEM:
            case ETOOMANYREFS:
                return makeErrno(ErrorCode::kResourceExhausted, "control.send", object, "sendmsg", errno);
            default:
                return makeErrno(ErrorCode::kInternal, "control.send", object, "sendmsg", errno);
        }
    }
}

Result<void> sendPacket(int socket, MessageType type, uint64_t request_id, std::string_view body,
                        std::span<const int> fds, uint32_t deadline_ms) {
    const uint64_t deadline_ns = monotonicNs() + deadline_ms * 1'000'000ULL;
    for (;;) {
        Result<bool> sent = trySendPacket(socket, type, request_id, body, fds);
        if (!sent.ok()) return std::move(sent).error();
        if (*sent) return {};
        if (!waitFor(socket, POLLOUT, deadline_ns)) {
            return Error{ErrorCode::kDeadlineExceeded, "control.send",
                         "packet type " + std::to_string(static_cast<int>(type)),
                         "the peer took nothing for " + std::to_string(deadline_ms) + " ms"};
        }
    }
}

Result<std::optional<Packet>> tryReceivePacket(int socket) {
    static thread_local std::array<char, kMaxPacketBytes> buffer;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxPacketFds * sizeof(int))> control;
    for (;;) {
        iovec piece{buffer.data(), buffer.size()};
        msghdr message{};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const ssize_t received = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (received > 0) return unpack(buffer, static_cast<size_t>(received), message);
        if (received == 0 || errno == ENOTCONN) return closedError("control.receive");
        // A peer that closed with unread packets leaves ECONNRESET once, ahead of what it had sent (linux
        // net/core/datagram.c, __skb_try_recv_datagram; net/unix/af_unix.c, unix_release_sock).
        if (errno == EINTR || errno == ECONNRESET) continue;
        if (errno == EAGAIN) return std::optional<Packet>();
        return makeErrno(ErrorCode::kInternal, "control.receive", "control socket", "recvmsg", errno);
    }
}

Result<Packet> receivePacket(int socket, uint32_t deadline_ms) {
    const uint64_t deadline_ns = monotonicNs() + deadline_ms * 1'000'000ULL;
    for (;;) {
        Result<std::optional<Packet>> received = tryReceivePacket(socket);
        if (!received.ok()) return std::move(received).error();
        if (received->has_value()) return std::move(**received);
        if (!waitFor(socket, POLLIN, deadline_ns)) {
            return Error{ErrorCode::kDeadlineExceeded, "control.receive", "control socket",
                         "no packet for " + std::to_string(deadline_ms) + " ms"};
        }
    }
}

WireError toWire(const Error& error) {
    return {static_cast<uint32_t>(error.code), error.stage, error.object, error.detail, error.sys_errno};
}

Error fromWire(const WireError& error) {
    return {static_cast<ErrorCode>(error.code), error.stage, error.object, error.detail, error.sys_errno};
}

std::string encodeErrorReply(const Error& error) {
    return encodeMessage(toWire(error));
}

Result<void> sendErrorReply(int socket, uint64_t request_id, const Error& error, uint32_t deadline_ms) {
    return sendPacket(socket, MessageType::kReply, request_id, encodeErrorReply(error), {}, deadline_ms);
}

Result<Packet> callPacket(int socket, MessageType type, uint64_t request_id, std::string_view body,
                          std::span<const int> fds, uint32_t deadline_ms, const std::function<void(Packet)>& other) {
    const uint64_t deadline_ns = monotonicNs() + deadline_ms * 1'000'000ULL;
    Result<void> sent = sendPacket(socket, type, request_id, body, fds, deadline_ms);
    if (!sent.ok()) return std::move(sent).error();
    for (;;) {
        const uint64_t now_ns = monotonicNs();
        const uint64_t left_ms = deadline_ns > now_ns ? (deadline_ns - now_ns + 999'999) / 1'000'000 : 0;
        Result<Packet> received = receivePacket(socket, static_cast<uint32_t>(left_ms));
        if (!received.ok()) return received;
        if (received->type == MessageType::kReply && received->request_id == request_id) return received;
        if (!other) {
            return Error{ErrorCode::kControlProtocol, "control.call",
                         "packet type " + std::to_string(static_cast<int>(type)),
                         "another packet came before the reply"};
        }
        other(std::move(*received));
    }
}

}  // namespace farfork::control
