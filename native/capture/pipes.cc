// SPDX-License-Identifier: Apache-2.0
#include "capture/pipes.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "capture/proc.h"

namespace farfork::capturing {

bool makePipeCopy(uint32_t capacity, UniqueFd& read_end, UniqueFd& write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return false;
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
    const int size = fcntl(ends[1], F_GETPIPE_SZ);
    return size >= static_cast<int>(capacity) || fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(capacity)) >= 0;
}

int64_t copyQueuedBytes(int read_end, int copy) {
    int queued = 0;
    if (ioctl(read_end, FIONREAD, &queued) != 0) return -1;
    if (queued == 0) return 0;
    // tee starts at the front every time, so one call must take it all.
    const ssize_t copied = tee(read_end, copy, static_cast<size_t>(queued), SPLICE_F_NONBLOCK);
    return copied == queued ? copied : -1;
}

std::optional<PipeHolder> findPipeHolder(const std::vector<uint64_t>& inodes, pid_t owner) {
    DIR* processes = opendir("/proc");
    if (!processes) return std::nullopt;
    std::optional<PipeHolder> holder;
    while (const dirent* entry = holder ? nullptr : readdir(processes)) {
        const auto pid = static_cast<pid_t>(std::atoi(entry->d_name));
        if (pid <= 0 || pid == owner || pid == getpid()) continue;
        const ProcDir proc(pid);
        const auto numbers = proc.valid() ? proc.numbers("fd") : std::nullopt;
        if (!numbers) continue;
        for (const int number : *numbers) {
            const auto link = proc.link("fd/" + std::to_string(number));
            if (!link || !link->starts_with("pipe:[")) continue;
            const uint64_t inode = numberOf(*link);
            if (std::find(inodes.begin(), inodes.end(), inode) != inodes.end()) holder = PipeHolder{inode, pid};
        }
    }
    closedir(processes);
    return holder;
}

}  // namespace farfork::capturing
