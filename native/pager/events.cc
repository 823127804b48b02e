// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cerrno>

#include "pager/worker.h"

namespace farfork {

/// Reads one batch of messages and acts on it. False when there was none.
/// Changes of the address space are applied before any fault of the batch is answered: the kernel hands out faults
/// first, and changes in the order in which they were made (tried).
bool PagerWorker::serve(uint64_t id) {
    const auto found = spaces_.find(id);
    if (found == spaces_.end() || found->second->child->failed) return false;
    Space& space = *found->second;
    const ssize_t got = read(space.uffd.get(), messages_.data(), sizeof messages_);
    if (got <= 0) {
        if (got < 0 && errno != EAGAIN && errno != EINTR) {
            fail(space.child, makeErrno(ErrorCode::kFaultFailed, "pager.read", "child " + space.child->id,
                                        "read of the userfaultfd", errno));
        }
        return false;
    }
    const size_t count = static_cast<size_t>(got) / sizeof(uffd_msg);
    for (size_t index = 0; index < count; ++index) apply(space, messages_[index]);
    for (size_t index = 0; index < count; ++index) {
        const uffd_msg& message = messages_[index];
        if (message.event != UFFD_EVENT_PAGEFAULT) continue;
        space.child->counters.faults.fetch_add(1, std::memory_order_relaxed);
        space.child->seed->counters.faults.fetch_add(1, std::memory_order_relaxed);
        const bool write = (message.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WRITE) != 0;
        answer({id, message.arg.pagefault.address & ~(kPageBytes - 1), write});
        if (!spaces_.contains(id)) break;
    }
    return true;
}

void PagerWorker::apply(Space& space, const uffd_msg& message) {
    switch (message.event) {
        case UFFD_EVENT_REMOVE:
            space.map.remove(message.arg.remove.start, message.arg.remove.end);
            break;
        case UFFD_EVENT_UNMAP:
            space.map.unmap(message.arg.remove.start, message.arg.remove.end);
            break;
        case UFFD_EVENT_REMAP:
            space.map.remap(message.arg.remap.from, message.arg.remap.to, message.arg.remap.len);
            break;
        case UFFD_EVENT_FORK:
            addSpace(space.child, UniqueFd(static_cast<int>(message.arg.fork.ufd)), space.map, true);
            break;
        default:
            break;
    }
}

}  // namespace farfork
