// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "descriptor/checksum.h"

namespace farfork {

/// XXH3-128 of what tells one file from all others, and is the same on every node that mounts its file system: inode
/// number, time of birth or else the file system's id, kind of file system. Nothing when the file system tells neither.
std::optional<Hash128> fileIdentity(int fd);

}  // namespace farfork
