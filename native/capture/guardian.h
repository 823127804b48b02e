// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>

#include "base/result.h"

namespace farfork::capturing {

/// Runs `work` in a task that shares this process's memory and descriptors but is a process of its own, while the
/// calling thread waits as in vfork(2).
///
/// Why: ptrace is per task. The task has no other children, so it may wait for any tracee; its exit detaches every
/// tracee, whatever its state (linux kernel/ptrace.c, exit_ptrace); and kill -9 of the calling process does not reach
/// it, so a parent in mid-surgery is still put back. All signals are blocked in it. `work` must not throw, and should
/// not allocate: a killed process may have left a malloc lock held.
/// Error: RESOURCE_EXHAUSTED when the task cannot be made.
Result<void> runGuarded(const std::function<void()>& work);

}  // namespace farfork::capturing
