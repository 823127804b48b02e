// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "cell/cell.h"

namespace farfork {

/// A process that only makes cells. It clones them as children of the pool's owner (CLONE_PARENT), so that the owner
/// itself never forks: its memory is not write-protected over and over, and its descriptors are not copied.
struct CellMaker {
    pid_t pid = 0;      ///< the caller's child; reap it
    UniqueFd requests;  ///< one packet, the number (uint64_t), per cell; closing it ends the maker
};

/// CellNews packets go to `news`. Error: CELL_FAILED.
Result<CellMaker> startCellMaker(const CellOptions& options, int news);

}  // namespace farfork
