// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "base/result.h"
#include "capture/memory_map.h"
#include "capture/proc.h"

namespace farfork::capturing {

/// Pages that the parent writes while the twin lives are copied, and the copies are charged to its cgroup. Refuses with
/// RESOURCE_EXHAUSTED when its memory limit leaves less room than all of its private memory could take.
/// `mount`: where cgroups are mounted.
Result<void> checkHeadroom(const ProcDir& proc, const std::vector<Mapping>& mappings,
                           const std::string& mount = "/sys/fs/cgroup");

/// Bytes that may still be charged to a cgroup of the given /proc/PID/cgroup text, its ancestors included; UINT64_MAX
/// when nothing limits it. Understands version 1, version 2, and both at once.
uint64_t headroomBytes(std::string_view cgroups, const std::string& mount);

/// Refuses with PAUSE_TOO_LONG when copying the page tables alone is expected to take longer than `max_pause_ms`; 0: no
/// limit.
Result<void> checkExpectedPause(const ProcDir& proc, const std::vector<Mapping>& mappings, uint32_t max_pause_ms);

}  // namespace farfork::capturing
