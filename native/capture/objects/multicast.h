// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "capture/proc.h"

namespace farfork::capturing {

/// Whether the UDP socket is in a multicast group. `proc` tells which groups its network namespace has.
bool isInMulticastGroup(const ProcDir& proc, int socket);

}  // namespace farfork::capturing
