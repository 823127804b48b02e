// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <linux/kcmp.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace farfork::capturing {

/// 0 when both numbers name one open file description; otherwise an order (kcmp(2)).
inline long compareDescriptions(pid_t one, int first, pid_t other, int second) {
    return syscall(SYS_kcmp, one, other, KCMP_FILE, first, second);
}

}  // namespace farfork::capturing
