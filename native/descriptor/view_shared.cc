// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "descriptor/validator.h"

namespace farfork {
namespace {

constexpr uint32_t kAllSeals = 0x3f;  // F_SEAL_* of linux/fcntl.h, up to F_SEAL_EXEC
constexpr uint64_t kMaxSharedBytes = 1ULL << 62;

bool within(uint64_t first, uint64_t count, uint64_t size) {
    return first <= size && count <= size - first;
}

/// The VMA that holds all of [start, start + size), or null.
const ff_vma* vmaAt(std::span<const ff_vma> vmas, uint64_t start, uint64_t size) {
    const auto above = std::upper_bound(vmas.begin(), vmas.end(), start,
                                        [](uint64_t value, const ff_vma& vma) { return value < vma.end; });
    return above != vmas.end() && above->start <= start && size <= above->end - start ? &*above : nullptr;
}

}  // namespace

/// Objects belong to the first process in this version: it is the only one.
bool DescriptorValidator::sharedOf(const ff_process& process) {
    if (&process != view_.processes_.data())
        return view_.shared_.empty() || fail("shared objects of several processes");
    uint64_t runs_end = 0;
    for (size_t index = 0; index < view_.shared_.size(); index++) {
        const ff_shared& object = view_.shared_[index];
        const uint64_t count = uint64_t{object.run_count} + object.private_count;
        if (object.run_first != runs_end || !within(object.run_first, count, view_.runs_.size()))
            return fail("contents of shared objects out of bounds");
        if (!shared(object, index, process)) return false;
        runs_end += count;
    }
    return runs_end == view_.runs_.size() || fail("runs belong to no shared object");
}

bool DescriptorValidator::shared(const ff_shared& object, size_t index, const ff_process& process) {
    const std::string name = "shared object " + std::to_string(index);
    if (object.kind < FF_SHARED_ANONYMOUS || object.kind > FF_SHARED_PRIVATE) return fail(name + ": unknown kind");
    if (object.size > kMaxSharedBytes || object.seals & ~kAllSeals || object.mode & ~07777u || object.sysv_removed > 1)
        return fail(name + ": bad size, seals or mode");
    if (!stringAt(object.name, name.c_str())) return false;
    const std::string path = std::string(view_.string(object.name)) + "/";
    if (object.kind == FF_SHARED_NAMED && (!path.starts_with("/dev/shm/") || path.find("/../") != std::string::npos))
        return fail(name + ": not a name in /dev/shm");
    uint64_t end = 0;
    for (const ff_run& run : view_.runs(object)) {
        // Memory ends with its page, whatever the size is.
        if (run.start < end || !within(run.start, run.bytes_size, object.size + FF_PAGE_SIZE - 1) ||
            !within(run.bytes_offset, run.bytes_size, view_.queued_.size()))
            return fail(name + ": run out of bounds");
        end = run.start + run.bytes_size;
    }
    end = 0;
    for (const ff_run& run : view_.privateRuns(object)) {
        const ff_vma* vma = vmaAt(view_.vmas(process), run.start, run.bytes_size);
        if (run.start < end || !vma || vma->shared != index + 1 || vma->flags & FF_VMA_SHARED ||
            !within(run.bytes_offset, run.bytes_size, view_.queued_.size()))
            return fail(name + ": private run out of bounds");
        end = run.start + run.bytes_size;
    }
    return true;
}

}  // namespace farfork
