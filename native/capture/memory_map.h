// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "capture/proc.h"

namespace farfork::capturing {

/// One mapping as /proc/PID/smaps tells it.
struct Mapping {
    uint64_t start = 0, end = 0, offset = 0;
    uint64_t vma_start = 0, vma_end = 0;  ///< of what it is a piece of; 0: it is whole
    bool guard = false;                   ///< a guard region
    uint32_t prot = 0;                    ///< PROT_*
    bool shared = false;                  ///< MAP_SHARED
    uint32_t dev_major = 0, dev_minor = 0;
    uint64_t inode = 0;
    std::string path;  ///< as printed: a file, "[heap]", "[anon:name]", or empty
    uint64_t resident_kb = 0, anonymous_kb = 0, huge_kb = 0, swap_kb = 0, protection_key = 0;
    std::string vm_flags;  ///< two-letter codes with a blank after each (proc_pid_smaps(5))
    [[nodiscard]] bool has(std::string_view code) const { return vm_flags.find(code) != std::string::npos; }
    /// MADV_DONTFORK: the twin does not have it.
    [[nodiscard]] bool isNotForked() const { return has("dc ") && !path.starts_with("[v"); }
};

/// Parses the text of /proc/PID/maps or /proc/PID/smaps.
std::vector<Mapping> parseMappings(std::string_view text);

/// "VMA 7f00-7f10 (what)".
std::string nameMapping(const Mapping& mapping, std::string_view what = {});

/// "map_files/START-END", below /proc/PID.
std::string mapFile(const Mapping& mapping);

/// Refuses mappings of the parent that a twin does not hold, or that a child cannot have again: hugetlb,
/// device, MADV_DONTFORK of a file, and those that another userfaultfd serves.
Result<void> checkMappings(const std::vector<Mapping>& mappings);

}  // namespace farfork::capturing
