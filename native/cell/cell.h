// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace farfork {

struct CellOptions {
    bool private_network = false;  ///< a network namespace of its own, loopback up
    std::string root;              ///< the root file system to enter; empty: the node's own
    friend bool operator==(const CellOptions&, const CellOptions&) = default;
};

/// The namespaces that a child must join (setns with the cell's pidfd), the pid namespace apart.
int cellNamespaces(const CellOptions& options);

/// A cell: fresh pid, mount, uts and ipc namespaces (and network), held by an init process that reaps orphans. Init
/// dies with the process that owns the pool, and takes everything in the cell along: on SIGTERM, its parent-death
/// signal too, it kills the cell's processes first and only then lets go of what it keeps for them.
struct Cell {
    uint64_t number = 0;
    pid_t init_pid = 0;  ///< child of the pool's owner; reap it
    UniqueFd pidfd;      ///< of init
    UniqueFd keep;       ///< SOCK_DGRAM: descriptors sent here stay open for as long as init lives
};

enum class CellStep : uint32_t { kNone, kMake, kPropagation, kNetwork, kRoot, kProc };
const char* cellStepName(uint32_t step);

/// What the maker and the inits tell the pool, one packet each, in any order.
struct CellNews {
    enum class Kind : uint32_t { kMade, kReady };
    uint64_t number = 0;
    Kind kind = Kind::kMade;
    uint32_t step = 0;   ///< enum CellStep that failed
    int32_t error = 0;   ///< errno; 0: it went well
    pid_t init_pid = 0;  ///< kMade; pidfd and keep socket come with it
};

}  // namespace farfork
