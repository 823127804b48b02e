// SPDX-License-Identifier: Apache-2.0
#include "descriptor/seccomp.h"

#include <cstring>

#include "descriptor/validator.h"

namespace farfork {

bool DescriptorValidator::seccomp(const ff_thread& thread) {
    const std::string name = "thread " + std::to_string(thread.tid);
    if (thread.seccomp_offset > view_.queued_.size() ||
        thread.seccomp_size > view_.queued_.size() - thread.seccomp_offset || thread.seccomp_offset % 8 != 0)
        return fail(name + ": seccomp filters out of bounds");
    auto rest = view_.seccompFilters(thread);
    while (!rest.empty()) {
        ff_seccomp_filter filter{};
        if (rest.size() < sizeof filter) return fail(name + ": a seccomp filter without a head");
        std::memcpy(&filter, rest.data(), sizeof filter);
        rest = rest.subspan(sizeof filter);
        if (filter.length == 0 || filter.length > FF_SECCOMP_MAX_LENGTH || rest.size() / 8 < filter.length)
            return fail(name + ": a seccomp filter of " + std::to_string(filter.length) + " instructions");
        rest = rest.subspan(filter.length * size_t{8});
    }
    if ((thread.seccomp_size != 0) != (thread.seccomp_mode == 2))
        return fail(name + ": seccomp filters without their mode");
    return thread.seccomp_mode <= 2 || fail(name + ": seccomp mode " + std::to_string(thread.seccomp_mode));
}

}  // namespace farfork
