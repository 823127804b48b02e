// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/result.h"

namespace farfork {

/// Allocates the pages under [at, at + size) of an image mapping. A plain store into shmem that is full raises SIGBUS;
/// MADV_POPULATE_WRITE fails instead (madvise(2)). Called after the kernel answered EFAULT, to tell a full destination
/// (RESOURCE_EXHAUSTED) from an unreadable source. A kernel without the advice (before 5.14) tells nothing: ok.
Result<void> checkDestination(std::byte* at, uint64_t size);

}  // namespace farfork
