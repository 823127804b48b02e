// SPDX-License-Identifier: Apache-2.0
// carried: pidfd of the process itself
#include "../conformance.h"

#include <poll.h>
#include <sys/syscall.h>

static int pidfd;
static volatile sig_atomic_t signals;

static void count(int number) {
    (void)number;
    signals++;
}

static void setup(void) {
    signal(SIGUSR1, count);
    pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (pidfd < 0 && errno == ENOSYS) LACKS("pidfd_open");
    EXPECT(pidfd >= 0);
}

static void check(void) {
    // The numbers are equal: whose it is shows in who gets the signal.
    EXPECT_EQUAL(signals, 0);
    EXPECT(syscall(SYS_pidfd_send_signal, pidfd, SIGUSR1, NULL, 0) == 0);
    AWAIT(signals == 1);
    struct pollfd ended = {pidfd, POLLIN, 0};
    EXPECT_EQUAL(poll(&ended, 1, 0), 0);
    char path[64], line[128];
    long pid = 0;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", pidfd);
    FILE* info = fopen(path, "re");
    EXPECT(info != NULL);
    while (fgets(line, sizeof line, info)) {
        if (sscanf(line, "Pid: %ld", &pid) == 1) break;
    }
    fclose(info);
    EXPECT_EQUAL(pid, getpid());
    // A descriptor of ours, taken through it.
    const int duplicate = (int)syscall(SYS_pidfd_getfd, pidfd, pidfd, 0);
    EXPECT(duplicate >= 0);
    EXPECT(syscall(SYS_pidfd_send_signal, duplicate, 0, NULL, 0) == 0);
    EXPECT_EQUAL(fcntl(pidfd, F_GETFD), FD_CLOEXEC);
    EXPECT_EQUAL(signals, 1);
}
