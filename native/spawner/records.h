// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/messages.h"
#include "restorer/template.h"

namespace farfork {

/// A seed that can be forked here: its template and what is needed to start another.
struct Seed {
    std::string id;
    uint32_t serial = 0;  ///< of its template; what statuses name
    std::vector<std::byte> descriptor_bytes, plan_bytes;
    std::optional<DescriptorView> descriptor;
    std::optional<PlanView> plan;
    UniqueFd image, descriptor_fd;
    RestorerRegion region;
    Template process;
    bool ready = false;
    bool dropped = false;
    uint32_t restarts = 0;
    uint64_t slots_used = 0;  ///< one bit per slot of the template: children on their way
    /// Who waits for the answer to AdoptSeed.
    int adopter_fd = -1;
    uint64_t adopt_request = 0;
    uint64_t adopt_deadline_ns = 0;
};

enum class ChildState {
    kQueued,    ///< waits for a cell
    kStarting,  ///< its request went to the template
    kRunning,
    kStopping,  ///< its process ended or failed; the cell is ending
    kGone,      ///< kept until ForgetChild
};

/// A child, or a parent made by RunParent (no seed, no cell).
struct Child {
    std::string id;
    uint64_t serial = 0;
    std::shared_ptr<Seed> seed;
    ChildState state = ChildState::kQueued;
    control::ForkChild request;
    UniqueFd control;
    UniqueFd stdout_kept, stderr_kept;  ///< what it writes; until ForgetChild
    uint64_t requested_ns = 0, received_ns = 0, deadline_ns = 0;
    pid_t pid = 0;                                      ///< on this node; 0: not known yet
    pid_t cell_pid = 0;                                 ///< the cell's init; 0: none
    bool reported = false;                              ///< ChildStarted or ChildFailed was sent
    bool started = false;                               ///< ChildStarted was sent
    bool process_gone = false;                          ///< reaped
    bool attached = false;                              ///< the pager may know it
    uint32_t slot = 0;                                  ///< while starting
    Error stop_error{ErrorCode::kNone, "", "", "", 0};  ///< why it was stopped
    int32_t exit_code = -1, signal = 0;
    uint64_t started_unix_ms = 0;
    [[nodiscard]] bool isParent() const { return !seed; }
    [[nodiscard]] bool pending() const { return state == ChildState::kQueued || state == ChildState::kStarting; }
};

}  // namespace farfork
