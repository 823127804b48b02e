// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/result.h"

namespace farfork::pagerd {

struct Options {
    std::string state_dir;
    std::string fabric_host;   ///< numeric address to listen at
    uint16_t fabric_port = 0;  ///< 0: any
    pid_t owner_pid = 0;       ///< exit when this process does; 0: no owner
    bool foreground = false;
};

constexpr char kUsage[] =
    "usage: farfork-pager --state-dir DIR --fabric-host ADDRESS [--fabric-port PORT] [--owner-pid PID] [--foreground]";

/// Errors: INVALID_ARGUMENT.
Result<Options> parseOptions(int argc, char** argv);

}  // namespace farfork::pagerd
