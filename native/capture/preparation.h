// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "capture/capture.h"
#include "capture/memory_map.h"
#include "capture/proc.h"
#include "capture/timers.h"
#include "capture/validate.h"
#include "capture/waits.h"

namespace farfork::capturing {

/// What is read of the parent before the pause.
struct Preparation {
    ProcDir proc;
    UniqueFd pidfd, task;
    std::string status;                ///< text of /proc/PID/status
    std::vector<ThreadFacts> threads;  ///< leader first
    std::vector<Mapping> mappings;
    std::vector<Wait> waits;
    std::string timers_text;  ///< of /proc/PID/timers
    std::vector<PosixTimer> timers;
    std::vector<char> timers_now;  ///< for the pause
    uint64_t syscall_address = 0;
    uint64_t start_stack = 0;  ///< another value later: it executed another program
};

/// Reads and checks all that does not need the parent to stand still.
Result<Preparation> prepare(const CaptureOptions& options);

/// The mappings of a process with their flags.
Result<std::vector<Mapping>> readMappings(const ProcDir& proc);

/// Where its initial stack starts; another value later means that it executed another program.
uint64_t startOfStack(const ProcDir& proc);

}  // namespace farfork::capturing
