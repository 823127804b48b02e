// SPDX-License-Identifier: Apache-2.0
//
// System calls in progress. A ptrace stop wakes them, and the kernel ends or begins them anew according to the result
// that it left in rax (signal(7), "Interruption of system calls by stop signals"; linux arch/x86/kernel/signal.c,
// arch_do_signal_or_restart):
//   -512, -513, -514  begun anew with the same arguments
//   -516              gone on with by a restart block, which holds the deadline; a child has none
//   -EINTR            ended, although no handler ran
#pragma once
#include <sys/user.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "capture/proc.h"
#include "capture/validate.h"
#include "descriptor/descriptor.h"

namespace farfork::capturing {

// linux include/linux/errno.h; visible to a tracer only.
constexpr int64_t kRestartSys = -512, kRestartNoIntr = -513, kRestartNoHand = -514, kRestartBlock = -516;

/// A wait with a relative timeout, as seen before the pause.
struct Wait {
    pid_t tid = 0;
    uint64_t number = 0;    ///< the call that it began as: restart_syscall(2) is resolved
    uint64_t stack = 0;     ///< rsp
    uint64_t slept_ns = 0;  ///< at least so long before `at_ns`
    uint64_t at_ns = 0;     ///< CLOCK_MONOTONIC; 0: not known
    uint64_t switches = 0;  ///< of the thread, so far
    UniqueFd scheduling;    ///< /proc/PID/task/TID/sched
};

/// The waits of all threads whose timeout is relative. Best effort: what is not found begins anew in full.
std::vector<Wait> readWaits(const ProcDir& proc, const std::vector<ThreadFacts>& threads);

/// How long the thread, which has just been stopped in the call that `wait` describes, had slept; for the pause.
/// Nothing: it ran since, or it cannot be known.
std::optional<uint64_t> sleptUntilStop(const Wait& wait);

/// Whether that call, with the arguments that `regs` holds, ends after a relative timeout.
bool hasRelativeTimeout(int64_t call, const user_regs_struct& regs);

/// The number of the call that a stopped thread is in; -1: none.
int64_t callOf(const user_regs_struct& regs, const Wait* wait);

/// True when the call has ended with -EINTR for no other reason than the stop, so that it has to be begun anew unless a
/// handler runs.
bool endedByStop(const user_regs_struct& regs);

/// Registers with which the parent goes on: the kernel begins the call anew unless a handler runs.
user_regs_struct goOn(const user_regs_struct& stopped, int64_t call, std::optional<uint64_t> slept_ns);

/// Registers and wait of the child's thread.
void describeWait(ff_thread& thread, const user_regs_struct& stopped, int64_t call, std::optional<uint64_t> slept_ns,
                  pid_t twin);

}  // namespace farfork::capturing
