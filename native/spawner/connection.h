// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <deque>
#include <functional>
#include <string>

#include "control/channel.h"

namespace farfork {

/// One control connection of the spawner, with what could not be sent yet. Never waits.
class Connection {
  public:
    enum class Role { kUnknown, kAgent, kPager };
    explicit Connection(UniqueFd socket) : socket_(std::move(socket)) {}

    [[nodiscard]] int fd() const { return socket_.get(); }
    Role role = Role::kUnknown;

    /// Sends now, or queues. False when the peer is gone or takes nothing: drop the connection.
    bool send(control::MessageType type, uint64_t request_id, std::string body);
    /// Queues; `flush` sends it.
    void defer(control::MessageType type, uint64_t request_id, std::string body) {
        queued_bytes_ += body.size();
        queue_.push_back({type, request_id, std::move(body)});
    }
    /// Sends what is queued; as `send`.
    bool flush();
    [[nodiscard]] bool wantsWrite() const { return !queue_.empty(); }

    template <class T>
    bool reply(uint64_t request_id, const T& message) {
        return send(control::MessageType::kReply, request_id, control::encodeReply(message));
    }
    bool replyError(uint64_t request_id, const Error& error) {
        return send(control::MessageType::kReply, request_id, control::encodeErrorReply(error));
    }

  private:
    struct Waiting {
        control::MessageType type;
        uint64_t request_id;
        std::string body;
    };
    UniqueFd socket_;
    std::deque<Waiting> queue_;
    size_t queued_bytes_ = 0;
};

}  // namespace farfork
