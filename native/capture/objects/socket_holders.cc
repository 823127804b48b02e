// SPDX-License-Identifier: Apache-2.0
#include "capture/objects/socket_holders.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "capture/proc.h"

namespace farfork::capturing {
namespace {

/// The first of the sockets, which are sorted, that the process has open; 0: none.
uint64_t heldBy(const ProcDir& proc, const std::vector<uint64_t>& inodes) {
    const auto numbers = proc.valid() ? proc.numbers("fd") : std::nullopt;
    if (!numbers) return 0;
    for (const int number : *numbers) {
        const auto link = proc.link("fd/" + std::to_string(number));
        if (!link || !link->starts_with("socket:[")) continue;
        const uint64_t inode = numberOf(*link);
        if (std::binary_search(inodes.begin(), inodes.end(), inode)) return inode;
    }
    return 0;
}

}  // namespace

std::optional<SocketHolder> findSocketHolder(std::vector<uint64_t> inodes, pid_t owner) {
    std::sort(inodes.begin(), inodes.end());
    DIR* processes = opendir("/proc");
    if (!processes) return std::nullopt;
    std::optional<SocketHolder> holder;
    while (const dirent* entry = holder ? nullptr : readdir(processes)) {
        const auto pid = static_cast<pid_t>(std::atoi(entry->d_name));
        if (pid <= 0 || pid == owner || pid == getpid()) continue;
        if (const uint64_t inode = heldBy(ProcDir(pid), inodes)) holder = SocketHolder{inode, pid};
    }
    closedir(processes);
    return holder;
}

}  // namespace farfork::capturing
