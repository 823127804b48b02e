// SPDX-License-Identifier: Apache-2.0
//
// What a descriptor has to do with others than its process: whom it tells of input, and what it keeps locked.
#pragma once
#include <string>

#include "base/result.h"
#include "capture/proc.h"
#include "descriptor/descriptor.h"

namespace farfork::capturing {

/// Reads F_GETOWN_EX and F_GETSIG into `file`. Refuses by name an owner outside of the process.
Result<void> readOwner(const ProcDir& proc, int duplicate, const std::string& link, ff_file& file);

/// Locks stay with the parent, and a child holds none (docs/concepts.md). A lease that a child would break by opening
/// the file, or that is being broken, is refused as `name`. `info` is /proc/PID/fdinfo/N.
Result<void> checkLocks(const std::string& info, const std::string& name);

}  // namespace farfork::capturing
