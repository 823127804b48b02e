// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <memory>
#include <mutex>

#include "base/unique_fd.h"
#include "control/channel.h"

namespace farfork::pagerd {

/// A connected agent. Replies and events are sent from any thread; the main loop alone receives.
struct AgentConnection {
    explicit AgentConnection(UniqueFd fd) : socket(std::move(fd)) {}
    UniqueFd socket;

    template <class T>
    void reply(uint64_t request_id, const Result<T>& result) const {
        if (request_id == 0) return;
        sendBody(control::MessageType::kReply, request_id, control::encodeReply(result));
    }
    void fail(uint64_t request_id, const Error& error) const {
        sendBody(control::MessageType::kReply, request_id, control::encodeErrorReply(error));
    }
    /// An agent that does not read is cut off; it finds everything again when it reconnects.
    void sendBody(control::MessageType type, uint64_t request_id, std::string_view body) const;
};

/// The agents that events go to. Thread-safe.
class Agents {
  public:
    std::shared_ptr<AgentConnection> add(UniqueFd socket);
    [[nodiscard]] std::shared_ptr<AgentConnection> find(int fd) const;
    void remove(int fd);

    template <class T>
    void broadcast(control::MessageType type, const T& event) const {
        const std::string body = control::encodeMessage(event);
        for (const auto& agent : all()) agent->sendBody(type, 0, body);
    }

  private:
    [[nodiscard]] std::vector<std::shared_ptr<AgentConnection>> all() const;
    mutable std::mutex mutex_;
    std::map<int, std::shared_ptr<AgentConnection>> by_fd_;
};

}  // namespace farfork::pagerd
