// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "base/result.h"

namespace farfork {

struct AddressRange {
    uint64_t start = 0, end = 0;  ///< page-aligned, [start, end)
};

/// An address for `size` bytes that overlaps none of `occupied`, as far from them as a guard of 1 GiB where the space
/// allows it (the parent's heap and mappings grow), never closer than 1 MiB. Error: RESUME_FAILED.
Result<uint64_t> findHole(std::vector<AddressRange> occupied, uint64_t size);

/// This process's own mappings. Error: INTERNAL.
Result<std::vector<AddressRange>> ownMappings();

}  // namespace farfork
