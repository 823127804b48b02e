// SPDX-License-Identifier: Apache-2.0
//
// Packets over a unix SOCK_SEQPACKET socket. Nothing here depends on the socket's O_NONBLOCK flag: the try* calls never
// wait, the others wait at most `deadline_ms`. A packet is sent whole by one sendmsg, so several threads may send on
// one socket; one thread at a time receives.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/messages.h"
#include "control/wire.h"

namespace farfork::control {

/// First bytes of every packet.
struct PacketHeader {
    uint32_t magic = kMagic;
    uint16_t version = kVersion;
    uint16_t type = 0;        ///< MessageType
    uint64_t request_id = 0;  ///< 0: an event, or a request that wants no reply
    uint32_t body_bytes = 0;
    uint32_t fd_count = 0;
};
static_assert(sizeof(PacketHeader) == 24);
constexpr size_t kMaxBodyBytes = kMaxPacketBytes - sizeof(PacketHeader);

/// A received packet. Descriptors are close-on-exec; those that nobody takes are closed with it.
struct Packet {
    MessageType type = MessageType::kReply;
    uint64_t request_id = 0;
    std::string body;
    std::vector<UniqueFd> fds;
};

// ---------------- sockets ----------------

/// Listens at `path` (mode 0600, replaces a socket that nobody listens on). The result is close-on-exec and
/// non-blocking. Errors: UNAVAILABLE (somebody listens there), INVALID_ARGUMENT (no such folder), INTERNAL.
Result<UniqueFd> listenAt(const std::string& path, int backlog = 64);
/// The next connection, or nullopt when none waits. The peer must run as root or as this process's user.
Result<std::optional<UniqueFd>> tryAccept(int listener);
/// Connects, trying again until the deadline while the path is absent, refuses or has a full backlog; 0: one attempt.
/// Errors: UNAVAILABLE.
Result<UniqueFd> connectTo(const std::string& path, uint32_t deadline_ms);
/// Two connected SOCK_SEQPACKET ends, close-on-exec.
Result<std::pair<UniqueFd, UniqueFd>> socketPair();
/// Pid of the process that connected or listened (SO_PEERCRED), in our pid namespace; 0 if it is not visible.
int32_t peerPid(int socket);

// ---------------- packets ----------------

/// Sends one packet now. False: the socket's buffer is full, nothing was sent.
/// Errors: UNAVAILABLE (the peer closed), INVALID_ARGUMENT (too large, too many fds), RESOURCE_EXHAUSTED, INTERNAL.
Result<bool> trySendPacket(int socket, MessageType type, uint64_t request_id, std::string_view body,
                           std::span<const int> fds = {});
/// As trySendPacket, waiting while the buffer is full. Also DEADLINE_EXCEEDED.
Result<void> sendPacket(int socket, MessageType type, uint64_t request_id, std::string_view body,
                        std::span<const int> fds, uint32_t deadline_ms);
/// The next packet, or nullopt when none waits.
/// Errors: UNAVAILABLE (the peer closed), CONTROL_PROTOCOL (the connection must be dropped), RESOURCE_EXHAUSTED (this
/// process has no descriptors left; the packet is lost), INTERNAL.
Result<std::optional<Packet>> tryReceivePacket(int socket);
/// As tryReceivePacket, waiting for one. Also DEADLINE_EXCEEDED.
Result<Packet> receivePacket(int socket, uint32_t deadline_ms);

// ---------------- messages ----------------

WireError toWire(const Error& error);
Error fromWire(const WireError& error);

constexpr uint32_t kDefaultSendDeadlineMs = 5000;

template <class T>
Result<void> sendMessage(int socket, MessageType type, uint64_t request_id, const T& message,
                         std::span<const int> fds = {}, uint32_t deadline_ms = kDefaultSendDeadlineMs) {
    return sendPacket(socket, type, request_id, encodeMessage(message), fds, deadline_ms);
}
/// For an event loop: false when the buffer is full.
template <class T>
Result<bool> trySendMessage(int socket, MessageType type, uint64_t request_id, const T& message,
                            std::span<const int> fds = {}) {
    return trySendPacket(socket, type, request_id, encodeMessage(message), fds);
}

/// Body of a kReply packet: a WireError of code 0, then the reply message.
template <class T>
std::string encodeReply(const T& message) {
    WireWriter writer;
    writer(WireError{});
    writer(message);
    return std::move(writer).bytes();
}
/// Body of a kReply packet that says no: a WireError, then nothing.
std::string encodeErrorReply(const Error& error);
template <class T>
std::string encodeReply(const Result<T>& result) {
    return result.ok() ? encodeReply(result.value()) : encodeErrorReply(result.error());
}
/// What a reply's body says. Errors: the peer's own, or CONTROL_PROTOCOL.
template <class T>
Result<T> decodeReply(std::string_view body) {
    WireError wire_error;
    WireReader reader(body);
    reader(wire_error);
    if (!reader.ok()) {
        return Error{ErrorCode::kControlProtocol, "control.decode", "reply", "the packet is cut short"};
    }
    if (wire_error.code != 0) return fromWire(wire_error);
    return decodeMessage<T>(reader.rest());
}

template <class T>
Result<void> sendReply(int socket, uint64_t request_id, const T& message, std::span<const int> fds = {},
                       uint32_t deadline_ms = kDefaultSendDeadlineMs) {
    return sendPacket(socket, MessageType::kReply, request_id, encodeReply(message), fds, deadline_ms);
}
Result<void> sendErrorReply(int socket, uint64_t request_id, const Error& error,
                            uint32_t deadline_ms = kDefaultSendDeadlineMs);

/// Sends a request and waits for its reply, for callers that own the receiving side of `socket`. Packets that arrive in
/// between go to `other`; without it they are a CONTROL_PROTOCOL error. `request_id` must not be 0.
Result<Packet> callPacket(int socket, MessageType type, uint64_t request_id, std::string_view body,
                          std::span<const int> fds, uint32_t deadline_ms,
                          const std::function<void(Packet)>& other = nullptr);
template <class Reply, class Request>
Result<Reply> call(int socket, MessageType type, uint64_t request_id, const Request& request, std::span<const int> fds,
                   uint32_t deadline_ms, const std::function<void(Packet)>& other = nullptr) {
    Result<Packet> reply = callPacket(socket, type, request_id, encodeMessage(request), fds, deadline_ms, other);
    if (!reply.ok()) return std::move(reply).error();
    return decodeReply<Reply>(reply->body);
}

}  // namespace farfork::control
