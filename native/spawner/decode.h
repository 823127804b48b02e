// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "spawner/connection.h"

namespace farfork {

/// The packet's message, or nullopt after a CONTROL_PROTOCOL reply was sent.
template <class T>
std::optional<T> decodeFrom(Connection& from, const control::Packet& packet) {
    Result<T> message = control::decodeMessage<T>(packet.body);
    if (message.ok()) return std::move(*message);
    from.replyError(packet.request_id, message.error());
    return std::nullopt;
}

}  // namespace farfork
