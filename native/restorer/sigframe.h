// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "descriptor/descriptor.h"
#include "restorer/machine.h"

namespace farfork {

/// The frame that rt_sigreturn reads (linux arch/x86/kernel/signal_64.c; fpu/signal.c for the extended state).
struct Sigframe {
    std::vector<std::byte> bytes;  ///< to be placed at a 64-byte aligned address
    uint64_t stack_pointer = 0;    ///< offset in `bytes` that rsp must hold when rt_sigreturn is called
    bool has_tile_data = false;    ///< AMX: the kernel's buffer must be grown before
};

/// `address` is where `bytes` will be. Errors: INCOMPATIBLE_CPU (state components that this machine lacks or lays out
/// differently), DESCRIPTOR_CORRUPT.
Result<Sigframe> makeSigframe(const ff_thread& thread, std::span<const std::byte> xstate, uint64_t origin_xcr0,
                              const Machine& machine, uint64_t address);

}  // namespace farfork
