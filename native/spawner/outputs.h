// SPDX-License-Identifier: Apache-2.0
//
// What children write to their standard output and error: a memfd each, made here and read by the agent through /proc.
// Memory rather than a file: ext4 searches past every inode that was freed in the last minutes when it makes a file
// (linux fs/ext4/ialloc.c, recently_deleted), which costs a node with many short-lived children more than the fork.
#pragma once
#include <cstdint>

#include "base/result.h"
#include "base/unique_fd.h"

namespace farfork {

/// Of each stream, the last bytes that are kept; up to twice as many, and what is written in a second, are held.
constexpr uint64_t kKeptOutputBytes = 16 << 20;

/// Opened for appending.
Result<UniqueFd> makeOutput();

/// Drops what is older than the last kKeptOutputBytes once there are twice as many. Offsets stay as they are.
void trimOutput(int fd);

}  // namespace farfork
