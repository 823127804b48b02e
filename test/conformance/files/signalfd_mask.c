// SPDX-License-Identifier: Apache-2.0
// carried: signalfd and its mask
#include "../conformance.h"

#include <poll.h>
#include <sys/signalfd.h>

static int fd;

static void setup(void) {
    sigset_t blocked, mask;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGUSR2);
    sigaddset(&blocked, SIGRTMAX);
    EXPECT(sigprocmask(SIG_BLOCK, &blocked, NULL) == 0);
    mask = blocked;
    sigdelset(&mask, SIGUSR2);
    fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    EXPECT(fd >= 0);
}

static void check(void) {
    struct signalfd_siginfo info;
    EXPECT(read(fd, &info, sizeof info) == -1 && errno == EAGAIN);
    // Not in the mask: it stays pending, and the descriptor stays quiet.
    EXPECT(raise(SIGUSR2) == 0);
    struct pollfd ready = {fd, POLLIN, 0};
    EXPECT_EQUAL(poll(&ready, 1, 0), 0);
    EXPECT(raise(SIGUSR1) == 0);
    EXPECT(sigqueue(getpid(), SIGRTMAX, (union sigval){.sival_int = 41}) == 0);
    EXPECT_EQUAL(poll(&ready, 1, 5000), 1);
    EXPECT_EQUAL(read(fd, &info, sizeof info), sizeof info);
    EXPECT_EQUAL(info.ssi_signo, SIGUSR1);
    EXPECT_EQUAL(info.ssi_pid, getpid());
    EXPECT_EQUAL(read(fd, &info, sizeof info), sizeof info);
    EXPECT_EQUAL(info.ssi_signo, SIGRTMAX);
    EXPECT_EQUAL(info.ssi_int, 41);
    EXPECT(read(fd, &info, sizeof info) == -1 && errno == EAGAIN);
    sigset_t pending;
    EXPECT(sigpending(&pending) == 0);
    EXPECT(sigismember(&pending, SIGUSR2) == 1 && sigismember(&pending, SIGUSR1) == 0);
    EXPECT_EQUAL(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    EXPECT_EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
}
