// SPDX-License-Identifier: Apache-2.0
// carried: standard output duplicated to 10, each process's own
#include "../conformance.h"

#include <linux/kcmp.h>
#include <sys/syscall.h>

static void setup(void) {
    EXPECT_EQUAL(dup3(1, 10, O_CLOEXEC), 10);
    EXPECT_EQUAL(dup2(2, 11), 11);
}

static void check(void) {
    const pid_t own = getpid();
    EXPECT_EQUAL(syscall(SYS_kcmp, own, own, KCMP_FILE, 1, 10), 0);
    EXPECT_EQUAL(syscall(SYS_kcmp, own, own, KCMP_FILE, 2, 11), 0);
    EXPECT_EQUAL(fcntl(10, F_GETFD), FD_CLOEXEC);
    EXPECT_EQUAL(fcntl(11, F_GETFD), 0);
    EXPECT((fcntl(10, F_GETFL) & O_ACCMODE) != O_RDONLY);
    // What is said at the end, and what the runner waits for, goes out through the duplicate.
    EXPECT(close(1) == 0 && dup2(10, 1) == 1 && close(10) == 0);
}
