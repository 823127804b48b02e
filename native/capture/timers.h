// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "capture/blob.h"

namespace farfork::capturing {

/// A POSIX timer as /proc/PID/timers tells it (proc_pid_timers(5)).
struct PosixTimer {
    int32_t id = 0, signal = 0, clock = 0;
    int32_t notify = 0;  ///< SIGEV_SIGNAL, SIGEV_NONE or SIGEV_THREAD, with SIGEV_THREAD_ID
    int32_t target = 0;  ///< pid or tid, in our pid namespace
    uint64_t value = 0;  ///< sigev_value
};

/// Ascending by id. Nothing: the text is not understood.
std::optional<std::vector<PosixTimer>> parseTimers(std::string_view text);

/// What the blob is to ask for.
std::vector<BlobTimer> timersToAsk(const std::vector<PosixTimer>& timers);

}  // namespace farfork::capturing
