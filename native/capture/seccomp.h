// SPDX-License-Identifier: Apache-2.0
//
// Seccomp filters: reading them from stopped threads, and whether a child can end its start under them.
#pragma once
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace farfork::capturing {

/// A thread's filters in a SeccompArena, as struct ff_seccomp_filter says.
struct SeccompChain {
    size_t offset = 0, size = 0;
};

/// Memory for the filters of all threads, set aside before the pause. Threads with equal filters share them.
class SeccompArena {
  public:
    /// Only touched pages cost something.
    void open();
    /// Of a thread that is stopped under ptrace of the caller. Allocates nothing. Returns 0 or an errno, ENOBUFS when
    /// there is more than fits; EACCES: it takes CAP_SYS_ADMIN, and a caller without filters (linux kernel/seccomp.c,
    /// get_nth_filter).
    int read(pid_t tid, SeccompChain& chain);
    [[nodiscard]] std::span<const std::byte> bytes(SeccompChain chain) const {
        return {bytes_.get() + chain.offset, chain.size};
    }

  private:
    void share(SeccompChain& chain);
    static constexpr size_t kBytes =
        2 << 20;  // a thread's may hold 256 KiB (linux kernel/seccomp.c, MAX_INSNS_PER_PATH)
    static constexpr size_t kDistinct = 32;
    std::unique_ptr<std::byte[]> bytes_;
    size_t used_ = 0, distinct_count_ = 0;
    SeccompChain distinct_[kDistinct];
};

/// A child puts its filters on as the last thing, oldest first; what it calls after the first one has to pass those
/// that are there. `drops_capability`: one capset(2) follows the last. Empty: all of it passes; else what does not.
std::string seccompObstacle(std::span<const std::byte> chain, bool drops_capability);

/// Whether the filters let a call pass whatever its arguments are.
bool seccompPasses(std::span<const std::byte> chain, uint32_t number);

/// Whether one of the filters can hand a call to a listener, which a child would not have.
bool hasSeccompListener(std::span<const std::byte> chain);

}  // namespace farfork::capturing
