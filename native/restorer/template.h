// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sched.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "base/unique_fd.h"
#include "restorer/builder.h"

namespace farfork {

struct UnmapSlots {
    void operator()(ff_slot* slots) const;
};

/// A seed's template: a process that holds the parent's address space, unpopulated, and clones a child per request.
struct Template {
    pid_t pid = 0;       ///< the caller's child; reap it
    UniqueFd requests;   ///< SOCK_SEQPACKET; one ff_request a packet; closing it ends the template
    int bound_cpu = -1;  ///< see bindTemplate
    std::unique_ptr<ff_slot[], UnmapSlots> slots;

    /// The node's pid of a child that was cloned already; 0: not yet, or its slot was taken by another since.
    [[nodiscard]] pid_t pidOf(uint64_t serial, uint32_t slot) const;
};

struct TemplateFds {
    int image = -1;             ///< the seed's image memfd
    int status = -1;            ///< receives ff_status packets of the template and all its children
    int pager = -1;             ///< the connection on which children attach
    int userfault_device = -1;  ///< /dev/userfaultfd, or -1
    int descriptor = -1;        ///< memfd that holds the seed's descriptor; for seeds with shared memory
};

/// Starts it. READY or FAILED (serial 0, template_serial as given) follows on the status socket.
/// Errors: FILE_MISSING (a local file or the executable is not the same here), RESOURCE_EXHAUSTED, RESUME_FAILED.
Result<Template> startTemplate(const RestorerRegion& region, const DescriptorView& descriptor, const PlanView& plan,
                               const TemplateFds& fds, uint32_t template_serial);

/// Binds the template to the caller's processor (FF_REQUEST_BOUND), or sets it free.
void bindTemplate(Template& process, bool bound, const cpu_set_t& everywhere);

/// Asks for one child. `fds` follow the order of enum ff_request_fd and must match request.fds.
/// False: the template's queue is full; try again later. Errors: RESUME_FAILED (the template is gone).
Result<bool> sendRequest(const Template& process, const ff_request& request, std::span<const int> fds);

}  // namespace farfork
