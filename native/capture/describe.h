// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/memory_map.h"
#include "capture/proc.h"
#include "capture/shared.h"
#include "capture/surgery.h"
#include "capture/timers.h"
#include "capture/twin.h"
#include "capture/validate.h"
#include "descriptor/builder.h"

namespace farfork::capturing {

/// Process-wide facts. Read from the twin, which inherited them at the instant: credentials, limits, umask,
/// directories, layout, signal actions. From the parent: its pid.
Result<void> describeProcess(DescriptorBuilder& builder, ff_process& process, const ProcDir& parent, const Twin& twin);

/// One ff_thread per living tracee, leader first, with the signals that are pending for it.
Result<void> describeThreads(DescriptorBuilder& builder, ff_process& process, const Surgery& surgery,
                             const std::vector<BlobSlot>& slots, const std::vector<ThreadFacts>& facts, pid_t twin);

/// Interval timers, POSIX timers and pending signals; after describeThreads. `timers`: as read before the pause.
Result<void> describeTimers(DescriptorBuilder& builder, ff_process& process, const Surgery& surgery,
                            const std::vector<BlobSlot>& slots, const Twin& twin, const std::vector<PosixTimer>& timers,
                            const std::vector<ThreadFacts>& facts);

/// The twin's mappings without the scratch one: flags, files with their hashes, the vdso's hash.
Result<void> describeMemory(DescriptorBuilder& builder, ff_process& process, const ProcDir& parent, const Twin& twin,
                            const std::vector<Mapping>& mappings, uint64_t scratch, SharedTable& shared);

}  // namespace farfork::capturing
