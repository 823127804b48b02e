// SPDX-License-Identifier: Apache-2.0
#include <linux/filter.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>

#include <cerrno>
#include <cstring>

#include "capture/ptrace_calls.h"
#include "capture/seccomp.h"
#include "descriptor/seccomp.h"

namespace farfork::capturing {

static_assert(sizeof(sock_filter) == sizeof(uint64_t));

void SeccompArena::open() {
    bytes_ = std::make_unique_for_overwrite<std::byte[]>(kBytes);
}

int SeccompArena::read(pid_t tid, SeccompChain& chain) {
    chain = {used_, 0};
    // Index 0 is the oldest filter, whatever ptrace(2) says (linux kernel/seccomp.c, get_nth_filter).
    for (uint64_t index = 0;; index++) {
        const long length = syscall(SYS_ptrace, PTRACE_SECCOMP_GET_FILTER, tid, index, nullptr);
        if (length < 0 && (errno == ENOENT || (errno == EINVAL && index == 0))) break;
        if (length < 0) return errno;
        const size_t at = chain.offset + chain.size;
        const size_t size = sizeof(ff_seccomp_filter) + static_cast<size_t>(length) * sizeof(sock_filter);
        if (at + size > kBytes) return ENOBUFS;
        seccomp_metadata about{.filter_off = index, .flags = 0};
        if (syscall(SYS_ptrace, PTRACE_SECCOMP_GET_METADATA, tid, sizeof about, &about) < 0) return errno;
        const ff_seccomp_filter filter{about.flags & SECCOMP_FILTER_FLAG_LOG ? FF_SECCOMP_LOG : 0,
                                       static_cast<uint32_t>(length)};
        std::memcpy(bytes_.get() + at, &filter, sizeof filter);
        if (syscall(SYS_ptrace, PTRACE_SECCOMP_GET_FILTER, tid, index, bytes_.get() + at + sizeof filter) != length)
            return errno;
        chain.size += size;
    }
    share(chain);
    return 0;
}

void SeccompArena::share(SeccompChain& chain) {
    for (size_t i = 0; i < distinct_count_; i++)
        if (distinct_[i].size == chain.size &&
            memcmp(bytes_.get() + distinct_[i].offset, bytes_.get() + chain.offset, chain.size) == 0) {
            chain = distinct_[i];
            return;
        }
    used_ = chain.offset + chain.size;
    if (distinct_count_ < kDistinct) distinct_[distinct_count_++] = chain;
}

}  // namespace farfork::capturing
