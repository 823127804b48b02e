// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "descriptor/plan_view.h"
#include "descriptor/view.h"
#include "restorer/arguments.h"
#include "restorer/machine.h"

namespace farfork {

/// The restorer of one seed: a memfd named farfork-restorer, made once and mapped privately by the seed's template.
struct RestorerRegion {
    UniqueFd memfd;
    uint64_t address = 0;         ///< H
    uint64_t code_bytes = 0;      ///< r-x, at H
    uint64_t argument_bytes = 0;  ///< r--, after the code
    uint64_t working_bytes = 0;   ///< rw-, after the arguments
    uint64_t arguments = 0;       ///< address of struct ff_restorer_arguments
    uint64_t working = 0;         ///< address of struct ff_working
    uint64_t file_fds = 0;        ///< address of int32_t[plan files]
    uint64_t stack_top = 0;
    int32_t fd_base = 0;             ///< the child's own descriptors are all below
    std::vector<std::string> notes;  ///< what this node cannot give in full, e.g. a lowered hard limit
};

struct RestorerOptions {
    bool force_vdso_remap = false;  ///< tests: the way of kernels without ARCH_MAP_VDSO_64
};

/// Errors: INCOMPATIBLE_VDSO, INCOMPATIBLE_CPU, CAPABILITY_MISSING, STATE_NOT_CARRIED, DESCRIPTOR_CORRUPT,
/// RESUME_FAILED (no hole, an unreadable image), RESOURCE_EXHAUSTED (memfd). `image_fd`: the seed's image memfd, in
/// which the plan's present runs are present.
Result<RestorerRegion> buildRestorer(const DescriptorView& descriptor, const PlanView& plan, int image_fd,
                                     const Machine& machine, const RestorerOptions& options = {});

}  // namespace farfork
