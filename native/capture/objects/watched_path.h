// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/proc.h"

namespace farfork::capturing {

/// What fdinfo of an inotify says of a watched file.
struct WatchedInode {
    uint64_t device = 0;  ///< of its superblock, as the kernel prints it: 12 bits major, 20 bits minor
    int handle_type = 0;
    std::vector<unsigned char> handle;
};

/// A path of the file below the root of `parent`, where it is found by its handle. Opens nothing that an inotify could
/// tell of, but the root of a mount. Error: STATE_NOT_CARRIED, whose detail says why.
Result<std::string> findWatchedPath(const ProcDir& parent, const WatchedInode& inode);

}  // namespace farfork::capturing
