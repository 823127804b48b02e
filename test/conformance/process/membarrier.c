// SPDX-License-Identifier: Apache-2.0
// carried: membarrier registrations
#include "../conformance.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>

static long barrier(int command) {
    return syscall(SYS_membarrier, command, 0, 0);
}

static void setup(void) {
    if (barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) != 0) LACKS("membarrier");
    if (barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE) != 0) LACKS("membarrier that syncs cores");
}

static void check(void) {
    /* Both give EPERM to a process that is not registered. */
    EXPECT(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0);
    EXPECT(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE) == 0);
    EXPECT(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ) < 0 && errno == EPERM);
}
