// SPDX-License-Identifier: Apache-2.0
#include "pagerd/agents.h"

#include <sys/socket.h>

namespace farfork::pagerd {

namespace {
constexpr uint32_t kSendTimeoutMs = 1000;
}

void AgentConnection::sendBody(control::MessageType type, uint64_t request_id, std::string_view body) const {
    if (!control::sendPacket(socket.get(), type, request_id, body, {}, kSendTimeoutMs))
        shutdown(socket.get(), SHUT_RDWR);
}

std::shared_ptr<AgentConnection> Agents::add(UniqueFd socket) {
    const int fd = socket.get();
    auto agent = std::make_shared<AgentConnection>(std::move(socket));
    const std::lock_guard lock(mutex_);
    by_fd_[fd] = agent;
    return agent;
}

std::shared_ptr<AgentConnection> Agents::find(int fd) const {
    const std::lock_guard lock(mutex_);
    const auto found = by_fd_.find(fd);
    return found == by_fd_.end() ? nullptr : found->second;
}

void Agents::remove(int fd) {
    const std::lock_guard lock(mutex_);
    by_fd_.erase(fd);
}

std::vector<std::shared_ptr<AgentConnection>> Agents::all() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<AgentConnection>> agents;
    for (const auto& [fd, agent] : by_fd_) agents.push_back(agent);
    return agents;
}

}  // namespace farfork::pagerd
