// SPDX-License-Identifier: Apache-2.0
// carried: signalfd with blocked signals that are pending
#include "../conformance.h"

#include <sys/signalfd.h>

static int fd;

static void setup(void) {
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    sigaddset(&mask, SIGRTMIN);
    EXPECT(sigprocmask(SIG_BLOCK, &mask, NULL) == 0);
    fd = signalfd(-1, &mask, SFD_NONBLOCK);
    EXPECT(fd >= 0);
    EXPECT(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_ptr = (void*)0x123456789abc}) == 0);
    EXPECT(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 8}) == 0);
    EXPECT(kill(getpid(), SIGUSR1) == 0);
}

static void next(int number, int code, uint64_t value) {
    struct signalfd_siginfo info;
    EXPECT_EQUAL(read(fd, &info, sizeof info), sizeof info);
    EXPECT_EQUAL(info.ssi_signo, number);
    EXPECT_EQUAL(info.ssi_code, code);
    EXPECT_EQUAL(info.ssi_pid, getpid());
    EXPECT_EQUAL(info.ssi_uid, getuid());
    EXPECT_EQUAL(info.ssi_ptr, value);
}

static void check(void) {
    // The lowest number comes first, and a real-time signal's entries in their order.
    next(SIGUSR1, SI_USER, 0);
    next(SIGRTMIN, SI_QUEUE, 0x123456789abc);
    next(SIGRTMIN, SI_QUEUE, 8);
    struct signalfd_siginfo info;
    EXPECT(read(fd, &info, sizeof info) == -1 && errno == EAGAIN);
    EXPECT(raise(SIGUSR1) == 0);
    EXPECT_EQUAL(read(fd, &info, sizeof info), sizeof info);
}
