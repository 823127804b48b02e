// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sched.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "descriptor/descriptor.h"

namespace farfork {

struct OwnMapping {
    uint64_t start = 0, end = 0;
    std::string name;  ///< last column of /proc/self/maps
};
std::vector<OwnMapping> readOwnMappings();

/// What this process and its machine are, read once: a child is made from the spawner's own state, so the builder
/// lists only what differs.
struct Machine {
    std::vector<OwnMapping> vdso_pieces;  ///< vvar mappings and the vdso, ascending
    uint64_t vdso_start = 0, vdso_size = 0, vvar_start = 0, vvar_size = 0;
    uint64_t vdso_hash = 0;  ///< XXH3-64 of its text image

    uint64_t xcr0 = 0;
    uint32_t component_offset[64] = {}, component_size[64] = {};  ///< standard XSAVE layout, bytes

    uint32_t ruid = 0, euid = 0, suid = 0, fsuid = 0, rgid = 0, egid = 0, sgid = 0, fsgid = 0;
    std::vector<uint32_t> groups;
    uint64_t cap_effective = 0, cap_permitted = 0, cap_inheritable = 0, cap_bounding = 0, cap_ambient = 0;
    uint32_t securebits = 0, no_new_privs = 0, last_capability = 0;
    uint32_t personality = 0;
    uint64_t timer_slack_ns = 0;
    int32_t oom_score_adj = 0, nice = 0;
    uint32_t coredump_filter = 0;
    cpu_set_t affinity = {};
    struct {
        uint64_t soft, hard;
    } rlimits[FF_RLIMIT_COUNT] = {};

    /// Error: INTERNAL.
    static Result<Machine> read();
};

}  // namespace farfork
