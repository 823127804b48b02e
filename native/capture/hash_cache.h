// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/stat.h>

#include <optional>

#include "descriptor/checksum.h"

namespace farfork::capturing {

/// XXH3-128 of a regular file's contents, remembered in this process by device, inode, size, mtime and ctime.
/// Thread-safe. Nothing when it cannot be read, changes while it is read, or is larger than kMaxHashedBytes.
std::optional<Hash128> hashFile(int fd, const struct stat& about);

constexpr int64_t kMaxHashedBytes = 4LL << 30;

}  // namespace farfork::capturing
