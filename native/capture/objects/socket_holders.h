// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace farfork::capturing {

struct SocketHolder {
    uint64_t inode = 0;
    pid_t pid = 0;
};
/// A process other than `owner` and this one that has one of the sockets open.
std::optional<SocketHolder> findSocketHolder(std::vector<uint64_t> inodes, pid_t owner);

}  // namespace farfork::capturing
