// SPDX-License-Identifier: Apache-2.0
//
// Under which path a child finds what the parent has open.
#pragma once
#include <sys/stat.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "capture/proc.h"

namespace farfork::capturing {

struct FoundPath {
    bool named = false;  ///< `path`, seen from the parent's root, names the file
    std::string path;
};
/// `link` is the readlink of /proc/PID/fd/`number`, `about` what is behind it. A file that lost the name it was opened
/// by, and has another one, is looked for in its folder; refuses by name one that is not found.
Result<FoundPath> findPath(const ProcDir& proc, int number, const std::string& link, const struct stat& about);

std::optional<bool> isProcfs(int fd);

/// The path in a child for a path below /proc: the process's own folder is named by its pid in its own pid namespace.
/// Error: what belongs to others, or cannot be opened before the child runs.
Result<std::string> pathBelowProc(const ProcDir& proc, const std::string& path);

}  // namespace farfork::capturing
