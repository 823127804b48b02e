// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <vector>

#include "image/file_identity.h"
#include "image/image.h"
#include "image/process_view.h"

namespace farfork {

constexpr uint64_t kMaxArgumentBytes = 6 << 20;  // linux fs/exec.c, bprm_stack_limits: three quarters of _STK_LIM

struct SeedPlanInput {
    ProcessView process;
    const Image* image = nullptr;
    FileIdentity* files = nullptr;
    FileIdentity::Trust trust = FileIdentity::Trust::kHash;
    /// Pages that the restorer should map before the jump, where they are present: those that the start needs
    /// (fetchStartPages), and a recorded working set. Any order, any alignment to maps. A plan is rebuilt to change
    /// them.
    std::vector<PageRange> wanted;
};

/// The bytes of the resume plan (descriptor/plan.h). Errors: FILE_MISSING (a clean mapping's file is not identical here
/// and the image does not carry it), STATE_NOT_CARRIED (writable or anonymous shared memory).
Result<std::vector<std::byte>> buildSeedPlan(const SeedPlanInput& input);

/// Makes present what each thread needs before its first instruction or cannot fault for (DESIGN.md): pages of its TCB,
/// rseq area, robust list head and nodes, clear_child_tid, the stack around rsp, and the page of rip. Returns them,
/// merged. Errors: the source's, DEADLINE_EXCEEDED.
Result<std::vector<PageRange>> fetchStartPages(const ProcessView& process, Image& image, uint32_t timeout_ms);

}  // namespace farfork
