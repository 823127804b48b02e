// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "cell/cell.h"

namespace farfork {

/// The life of a cell's init, in the new process: sets the cell up, says so, reaps, ends. System calls only.
/// `keep` and `news_socket` are the only descriptors that it leaves open.
[[noreturn]] void runCellInit(const CellOptions& options, uint64_t number, int keep, int news_socket);

}  // namespace farfork
