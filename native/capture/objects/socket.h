// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "capture/objects/object.h"

namespace farfork::capturing {

// One for each family; they refuse by name what they do not carry.
Result<std::unique_ptr<CapturedObject>> makeUnixSocket(const Opened& opened, int type);
Result<std::unique_ptr<CapturedObject>> makeInetSocket(const Opened& opened, int domain, int type, int protocol);
Result<std::unique_ptr<CapturedObject>> makeNetlinkSocket(const Opened& opened, int type, int protocol);

}  // namespace farfork::capturing
