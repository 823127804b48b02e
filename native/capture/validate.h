// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/proc.h"
#include "descriptor/descriptor.h"

namespace farfork::capturing {

/// What /proc tells of one thread before the pause.
struct ThreadFacts {
    pid_t tid = 0;      ///< in our pid namespace
    pid_t own_tid = 0;  ///< in the thread's own pid namespace
    std::string comm;
    uint32_t sched_policy = 0;
    int32_t sched_priority = 0, nice = 0;
    uint32_t seccomp_mode = 0, no_new_privs = 0;
    bool system_admin = false;                               ///< CAP_SYS_ADMIN is effective
    uint32_t speculation_store = 0, speculation_branch = 0;  ///< PR_SPEC_DISABLE, PR_SPEC_FORCE_DISABLE, or 0
    uint32_t io_priority = 0;
    uint64_t pending = 0;            ///< signals: the thread's and the process's
    std::vector<uint64_t> affinity;  ///< CPU mask
};

/// Refuses what is not a live, untraced 64-bit user process.
Result<void> checkKind(const ProcDir& proc);

/// Reads one thread's facts and refuses what differs from its leader or cannot be carried (credentials,
/// scheduling, tables of its own, and, unless `ours`, another tracer). `leader_status`: text of /proc/PID/status.
/// PROCESS_EXITED: the thread is gone, or going.
Result<ThreadFacts> readThread(const ProcDir& proc, pid_t tid, std::string_view leader_status, bool ours);

/// Refuses process-wide state that is not carried: child processes, namespaces, locked memory. Run before the
/// pause and after it, so that only state that comes and goes within the pause's surroundings escapes it; what must be
/// exact (children) is asked once more in the pause itself.
Result<void> checkState(const ProcDir& proc);

/// Refuses System V semaphores and message queues that the process uses.
Result<void> checkSystemV(const ProcDir& proc);

/// "child process PID (comm)" of the first child, or empty.
std::string nameChild(const ProcDir& proc);

/// True when both processes are in one pid namespace.
bool samePidNamespace(const ProcDir& proc);

}  // namespace farfork::capturing
