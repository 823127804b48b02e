// SPDX-License-Identifier: Apache-2.0
//
// Takes the state of any running x86-64 process by pid, without its cooperation, and leaves a frozen copy-on-write twin
// that holds its private memory still. Design: DESIGN.md, "A fork's life" 1.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace farfork {

struct CaptureOptions {
    pid_t pid = 0;                    ///< in this process's /proc
    std::string seed_id;              ///< 1 to 39 characters
    uint64_t control_inode = 0;       ///< socket inode of the SDK's control socket; 0: none
    uint32_t stop_timeout_ms = 2000;  ///< for all threads to stop
    uint32_t max_pause_ms = 0;        ///< refuse when the pause would take longer; 0: no limit
    uint32_t twin_lifetime_s = 600;   ///< the twin exits by itself after this: nobody may be left to kill it
};

struct Capture {
    UniqueFd descriptor;  ///< sealed memfd, a whole descriptor (descriptor/descriptor.h)
    uint64_t descriptor_bytes = 0;
    pid_t twin_pid = 0;         ///< in this process's /proc
    UniqueFd twin_pidfd;        ///< kill the twin through it when its pages are staged
    uint64_t pauseUs = 0;       ///< first PTRACE_INTERRUPT to last detach
    uint64_t forkUs = 0;        ///< the leader's run: checks, clone of intermediate and twin, reaping
    uint64_t stopUs = 0;        ///< first PTRACE_INTERRUPT until every thread stood still
    uint64_t totalUs = 0;       ///< the whole call
    uint64_t sharedCopyUs = 0;  ///< copying shared writable memory, while the twin was made
    uint32_t threads = 0, vmas = 0, files = 0;
};

/// Captures a process. Blocks the calling thread, which may be any; bounded by stop_timeout_ms plus the fork itself.
/// The parent goes on as if nothing had happened, also after an error, and also when the calling process is killed
/// meanwhile (see capture/guardian.h; killing the guardian task itself in the pause kills the parent with SIGTRAP).
///
/// Errors: INVALID_ARGUMENT, PROCESS_NOT_FOUND, PROCESS_EXITED, KERNEL_THREAD, ARCHITECTURE_UNSUPPORTED,
/// PROCESS_TRACED, PROCESS_STOPPED, PERMISSION_DENIED, PROCESS_DID_NOT_STOP, PAUSE_TOO_LONG, RESOURCE_EXHAUSTED,
/// CAPABILITY_MISSING, CAPTURE_FAILED, and STATE_NOT_CARRIED whose object names what is held, e.g. "fd 7
/// (socket:[123])".
Result<Capture> capture(const CaptureOptions& options);

}  // namespace farfork
