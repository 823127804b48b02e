// SPDX-License-Identifier: Apache-2.0
#include "spawner/connection.h"

namespace farfork {
namespace {
constexpr size_t kMaxQueuedBytes = 64 << 20;  // an agent that reads nothing must not eat the node's memory
}

bool Connection::send(control::MessageType type, uint64_t request_id, std::string body) {
    if (queue_.empty()) {
        Result<bool> sent = control::trySendPacket(fd(), type, request_id, body);
        if (!sent.ok()) return sent.error().code != ErrorCode::kUnavailable;
        if (*sent) return true;
    }
    queued_bytes_ += body.size();
    if (queued_bytes_ > kMaxQueuedBytes) return false;
    queue_.push_back({type, request_id, std::move(body)});
    return true;
}

bool Connection::flush() {
    while (!queue_.empty()) {
        const Waiting& first = queue_.front();
        Result<bool> sent = control::trySendPacket(fd(), first.type, first.request_id, first.body);
        if (!sent.ok() && sent.error().code == ErrorCode::kUnavailable) return false;
        if (sent.ok() && !*sent) return true;
        queued_bytes_ -= first.body.size();
        queue_.pop_front();
    }
    return true;
}

}  // namespace farfork
