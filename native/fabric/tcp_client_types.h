// SPDX-License-Identifier: Apache-2.0
//
// What a client keeps of seeds, reads and opens. Guarded by the mutex of the peer that they belong to.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "fabric/tcp_codec.h"

namespace farfork::fabric {

/// One call of RemoteSeed::read.
struct ReadOperation {
    PageSource::Completion done;
    uint32_t outstanding = 0;  ///< requests
    bool urgent = false;       ///< small: a child waits for it
    std::optional<Error> error;
};

struct ReadRequest;

/// A seed that this client opened at one peer.
struct SeedState {
    SeedCredentials credentials;
    OpenedSeed opened;
    uint64_t descriptorChecksum = 0, layoutChecksum = 0;
    uint64_t generation = 0;  ///< of the connection that `handle` belongs to; 0: not open
    uint64_t handle = 0;
    bool opening = false;
    std::vector<std::unique_ptr<ReadRequest>> parked;  ///< until it is open again
    std::function<void(uint64_t generation, uint64_t handle)> onGone;
    ~SeedState() {
        if (generation != 0 && onGone) onGone(generation, handle);
    }
};

/// One READ frame: a part of an operation.
struct ReadRequest {
    std::shared_ptr<SeedState> seed;
    std::shared_ptr<ReadOperation> operation;
    std::vector<PageRead> pieces;  ///< ascending, disjoint
    uint64_t bytes = 0;
    uint64_t deadlineNs = 0;  ///< CLOCK_MONOTONIC; while it waits for its turn, then anew when it is sent
};

/// One OPEN frame.
struct OpenRequest {
    std::shared_ptr<SeedState> seed;
    uint64_t deadlineNs = 0;
    bool withBytes = true;                   ///< false: open again after a reconnect
    uint64_t sentNs = 0;                     ///< CLOCK_MONOTONIC; 0: not yet
    bool abandoned = false;                  ///< its deadline passed; the reply is thrown away
    std::function<void(Result<void>)> done;  ///< first open only
    wire::OpenReply reply{};
    Bytes bulk;
};

/// Callbacks to run once no lock is held.
using Completions = std::vector<std::function<void()>>;
void runAll(const Completions& completions);

/// Ends one request; when it is the last of its operation, the operation's completion is due.
void finish(ReadRequest& request, const std::optional<Error>& error, Completions& completions);

}  // namespace farfork::fabric
