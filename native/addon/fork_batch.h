// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/channel.h"

namespace farfork::addon {

/// Both ends of a control socket: SOCK_STREAM, close-on-exec, blocking.
struct ControlPair {
    UniqueFd agent_end, child_end;
};
/// Error: RESOURCE_EXHAUSTED.
Result<ControlPair> makeControlPair(const std::string& object);

/// One packet's worth of a batch.
struct ForkPacket {
    size_t first = 0, count = 0;  ///< the children it holds
    std::string body;
    std::vector<UniqueFd> fds;  ///< the children's ends, in order
};

/// A Fork of any number of children, cut into packets within the limits of control/messages.h.
struct ForkBatch {
    std::vector<ForkPacket> packets;
    std::vector<UniqueFd> agent_ends;  ///< one a child; invalid where it has no control socket
};
/// Errors: RESOURCE_EXHAUSTED (no descriptors), INVALID_ARGUMENT (a child that no packet can hold).
Result<ForkBatch> cutFork(const control::Fork& fork);

}  // namespace farfork::addon
