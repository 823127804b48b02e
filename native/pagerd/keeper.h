// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/result.h"

namespace farfork::pagerd {

/// Starts a small process that shares this one's descriptor table. If the pager dies, the userfaultfds in that table
/// stay open a little longer, so that processes blocked on a fault stay blocked until the spawner has killed their
/// cells: were the last holder gone, they would read zeros (DESIGN.md). That covers userfaultfds of grandchildren,
/// which only the pager has. It also kills the twins that a dead pager leaves frozen. The keeper then closes everything
/// but userfaultfds at once, and ends when no process needs them. Call it before any thread starts. Errors:
/// RESOURCE_EXHAUSTED.
Result<void> startKeeper();

}  // namespace farfork::pagerd
