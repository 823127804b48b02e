// SPDX-License-Identifier: Apache-2.0
// refused: pidfd of another process
// names: pidfd
#include "../conformance.h"

#include <poll.h>
#include <sys/syscall.h>

static int pidfd;

static void setup(void) {
    pidfd = (int)syscall(SYS_pidfd_open, getppid(), 0);
    if (pidfd < 0 && errno == ENOSYS) LACKS("pidfd_open");
    EXPECT(pidfd >= 0);
}

static void check(void) {
    struct pollfd ended = {pidfd, POLLIN, 0};
    EXPECT_EQUAL(poll(&ended, 1, 0), 0);
    EXPECT(syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) == 0);
}
