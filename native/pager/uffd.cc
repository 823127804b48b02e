// SPDX-License-Identifier: Apache-2.0
#include "pager/uffd.h"

#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

#include <cerrno>

namespace farfork::uffd {

namespace {

// linux/userfaultfd.h since 6.6; Debian 12's headers are older.
struct PoisonArgument {
    uffdio_range range;
    uint64_t mode;
    int64_t updated;
};
constexpr unsigned long kPoison = _IOWR(UFFDIO, 0x08, PoisonArgument);
constexpr uint64_t kProbeAddress = 1ULL << 20;  // above every vm.mmap_min_addr

/// `done`: the byte count or negative errno that the ioctl left in its argument.
Answer sort(int fd, int result, int sys_errno, int64_t done, uint64_t address, uint64_t bytes, bool may_wake) {
    if (result == 0) return {Outcome::kDone, bytes, 0};
    if (done > 0) return {Outcome::kDone, static_cast<uint64_t>(done), 0};
    switch (sys_errno) {
        case EAGAIN:
            return {Outcome::kChanging, 0, sys_errno};
        case EEXIST:
            // Another answer mapped it between the fault and now: its waiter may have been missed.
            if (may_wake) wake(fd, address, bytes);
            return {Outcome::kExists, 0, sys_errno};
        case ENOENT:
            if (may_wake) wake(fd, address, bytes);
            return {Outcome::kNoMapping, 0, sys_errno};
        case ESRCH:
            return {Outcome::kGone, 0, sys_errno};
        default:
            return {Outcome::kFailed, 0, sys_errno};
    }
}

}  // namespace

Answer mapShared(int fd, uint64_t address, uint64_t bytes, bool may_wake) {
    uffdio_continue argument{{address, bytes}, may_wake ? 0 : UFFDIO_CONTINUE_MODE_DONTWAKE, 0};
    const int result = ioctl(fd, UFFDIO_CONTINUE, &argument);
    return sort(fd, result, errno, argument.mapped, address, bytes, may_wake);
}

Answer copy(int fd, uint64_t address, const void* source, uint64_t bytes) {
    uffdio_copy argument{address, reinterpret_cast<uint64_t>(source), bytes, 0, 0};
    const int result = ioctl(fd, UFFDIO_COPY, &argument);
    return sort(fd, result, errno, argument.copy, address, bytes, true);
}

Answer zero(int fd, uint64_t address, uint64_t bytes, bool may_wake) {
    uffdio_zeropage argument{{address, bytes}, may_wake ? 0 : UFFDIO_ZEROPAGE_MODE_DONTWAKE, 0};
    const int result = ioctl(fd, UFFDIO_ZEROPAGE, &argument);
    return sort(fd, result, errno, argument.zeropage, address, bytes, may_wake);
}

Answer poison(int fd, uint64_t address, uint64_t bytes) {
    PoisonArgument argument{{address, bytes}, 0, 0};
    const int result = ioctl(fd, kPoison, &argument);
    return sort(fd, result, errno, argument.updated, address, bytes, true);
}

void wake(int fd, uint64_t address, uint64_t bytes) {
    uffdio_range range{address, bytes};
    ioctl(fd, UFFDIO_WAKE, &range);
}

bool processAlive(int fd) {
    // Lifting write protection where none was asked for changes nothing: ENOENT while the mm lives, ESRCH after
    // (linux fs/userfaultfd.c, userfaultfd_writeprotect).
    uffdio_writeprotect argument{{kProbeAddress, 4096}, 0};
    return ioctl(fd, UFFDIO_WRITEPROTECT, &argument) == 0 || errno != ESRCH;
}

}  // namespace farfork::uffd
