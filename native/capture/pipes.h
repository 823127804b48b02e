// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "base/unique_fd.h"

namespace farfork::capturing {

/// Makes a pipe of at least `capacity` bytes; false with errno set when that is not allowed.
bool makePipeCopy(uint32_t capacity, UniqueFd& read_end, UniqueFd& write_end);

/// Copies the bytes queued behind `read_end` into `copy`, an empty pipe of the same capacity, without consuming them.
/// Returns their number, or -1 when not all could be copied. Allocates nothing.
int64_t copyQueuedBytes(int read_end, int copy);

struct PipeHolder {
    uint64_t inode = 0;
    pid_t pid = 0;
};
/// A process other than `owner` and this one that holds one of the pipes open.
std::optional<PipeHolder> findPipeHolder(const std::vector<uint64_t>& inodes, pid_t owner);

}  // namespace farfork::capturing
