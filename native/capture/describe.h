// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/memory_map.h"
#include "capture/proc.h"
#include "capture/surgery.h"
#include "capture/twin.h"
#include "capture/validate.h"
#include "descriptor/builder.h"

namespace farfork::capturing {

/// Process-wide facts. Read from the twin, which inherited them at the instant: credentials, limits, umask,
/// directories, layout, signal actions. From the parent: its pid.
Result<void> describeProcess(DescriptorBuilder& builder, ff_process& process, const ProcDir& parent, const Twin& twin);

/// One ff_thread per living tracee, leader first. Refuses signals that are pending and blocked.
Result<void> describeThreads(DescriptorBuilder& builder, ff_process& process, const Surgery& surgery,
                             const std::vector<BlobSlot>& slots, const std::vector<ThreadFacts>& facts,
                             pid_t twin);

/// The twin's mappings without the scratch one: flags, files with their hashes, the vdso's hash.
Result<void> describeMemory(DescriptorBuilder& builder, ff_process& process, const ProcDir& parent, const Twin& twin,
                            const std::vector<Mapping>& mappings, uint64_t scratch);

}  // namespace farfork::capturing
