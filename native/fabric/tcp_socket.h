// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/socket.h>

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "fabric/fabric.h"

namespace farfork::fabric {

/// "10.0.0.1:7071", "[fd00::1]:7071".
std::string endpointText(const Endpoint& endpoint);
Endpoint endpointOf(const sockaddr_storage& address);

/// A listening, non-blocking socket. INVALID_ARGUMENT when the host is not a numeric address; UNAVAILABLE when it
/// cannot be bound.
Result<UniqueFd> listenSocket(const Endpoint& endpoint);
/// A non-blocking socket whose connect has begun; `connected` says that it has ended too. SOURCE_LOST when refused.
Result<UniqueFd> connectSocket(const Endpoint& endpoint, bool& connected);

/// No Nagle delay, keep-alive, and an unsent backlog short enough that an urgent reply does not queue in the kernel.
void tuneSocket(int fd);

}  // namespace farfork::fabric
