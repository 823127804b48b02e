// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "descriptor/view.h"

namespace farfork {

/// One process of a validated descriptor, as the image needs it. Points into the descriptor, which must outlive it.
struct ProcessView {
    DescriptorView descriptor;
    const ff_process* process = nullptr;

    [[nodiscard]] std::string_view seedId() const { return descriptor.seedId(); }
    [[nodiscard]] std::span<const ff_vma> vmas() const { return descriptor.vmas(*process); }
    [[nodiscard]] std::span<const ff_thread> threads() const { return descriptor.threads(*process); }
    [[nodiscard]] std::string_view path(const ff_vma& vma) const { return descriptor.string(vma.path); }
};

/// vdso, vvar and vsyscall come from the child's own kernel.
inline bool isOutsideSeed(const ff_vma& vma) {
    return (vma.flags & (FF_VMA_VDSO | FF_VMA_VVAR | FF_VMA_VSYSCALL)) != 0;
}

/// A mapping of a file's contents; /dev/zero mapped privately is anonymous memory (mem(4)).
inline bool isFileMapping(const ProcessView& process, const ff_vma& vma) {
    if ((vma.flags & FF_VMA_FILE) == 0) return false;
    return (vma.flags & FF_VMA_SHARED) != 0 || process.path(vma) != "/dev/zero";
}

}  // namespace farfork
