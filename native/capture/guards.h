// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "base/result.h"
#include "capture/memory_map.h"
#include "capture/proc.h"

namespace farfork::capturing {

/// Makes a mapping of its own of every guard region (MADV_GUARD_INSTALL) of the twin. Kernels 6.13 and 6.14 have guard
/// regions, but do not tell where: there staging fails at the first one, as it cannot be read.
Result<void> splitAtGuards(const ProcDir& twin, std::vector<Mapping>& mappings);

}  // namespace farfork::capturing
