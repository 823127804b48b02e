// SPDX-License-Identifier: Apache-2.0
//
// The userfaultfd ioctls that answer faults (ioctl_userfaultfd(2)), with their errors sorted by what to do next.
#pragma once
#include <cstdint>

namespace farfork::uffd {

enum class Outcome {
    kDone,       ///< at least the first page is answered and its waiters are awake
    kExists,     ///< the first page was there already; its waiters are awake
    kChanging,   ///< the address space is changing (EAGAIN): read events, then decide again
    kNoMapping,  ///< no registered mapping holds the whole range any more (ENOENT): waiters of the range are awake
    kGone,       ///< the process has no memory any more (ESRCH)
    kFailed,     ///< see Answer::sys_errno
};

struct Answer {
    Outcome outcome = Outcome::kDone;
    uint64_t bytes = 0;  ///< answered, from the start of the range
    int sys_errno = 0;
};

/// `wake` false: for neighbours that nobody waits for.
Answer mapShared(int fd, uint64_t address, uint64_t bytes, bool wake);      ///< UFFDIO_CONTINUE
Answer copy(int fd, uint64_t address, const void* source, uint64_t bytes);  ///< UFFDIO_COPY
Answer zero(int fd, uint64_t address, uint64_t bytes, bool wake);           ///< UFFDIO_ZEROPAGE
/// Later accesses raise SIGBUS (UFFDIO_POISON, since Linux 6.6; earlier: kFailed with EINVAL).
Answer poison(int fd, uint64_t address, uint64_t bytes);
void wake(int fd, uint64_t address, uint64_t bytes);
/// False once the last task of the fd's process let go of its memory. Changes nothing.
bool processAlive(int fd);

}  // namespace farfork::uffd
