// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "base/unique_fd.h"
#include "descriptor/objects.h"

namespace farfork::capturing {

/// Makes a pipe of at least `capacity` bytes; false with errno set when that is not allowed.
bool makePipeCopy(uint32_t capacity, UniqueFd& read_end, UniqueFd& write_end);

/// Copies the bytes queued behind `read_end` into `copy`, an empty pipe of the same capacity, without consuming them.
/// Returns their number, or -1 when not all could be copied. Allocates nothing.
int64_t copyQueuedBytes(int read_end, int copy);

/// Whether the far side of a pipe is closed by everybody: no writer is left behind a read end, no reader behind a write
/// end.
bool isFarEndClosed(int end);

/// Takes the bytes out of a copy, and says where its packets begin and end; nothing when it cannot be read. Runs are
/// empty when there are no packets.
struct QueuedBytes {
    std::vector<ff_pipe_run> runs;
    std::vector<std::byte> bytes;
};
std::optional<QueuedBytes> takeQueuedBytes(int copy, uint64_t count);

/// A pipe (inode of pipefs, device 0) or a FIFO.
struct PipeIdentity {
    uint64_t device = 0, node = 0;
};
struct PipeHolder {
    PipeIdentity pipe;
    pid_t pid = 0;
};
/// A process other than `owner` and this one that holds one of the pipes open.
std::optional<PipeHolder> findPipeHolder(const std::vector<PipeIdentity>& pipes, pid_t owner);

}  // namespace farfork::capturing
