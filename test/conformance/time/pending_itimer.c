// SPDX-License-Identifier: Apache-2.0
// carried: SIGALRM of an expired setitimer, blocked and pending
#include "timing.h"

static sigset_t set;

static bool pending(void) {
    sigset_t seen;
    EXPECT(sigpending(&seen) == 0);
    return sigismember(&seen, SIGALRM) == 1;
}

static void setup(void) {
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    EXPECT(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    const struct itimerval once = to_itimerval(1 * MS, 0);
    EXPECT(setitimer(ITIMER_REAL, &once, NULL) == 0);
    AWAIT(pending());
}

static void expect_one(int seconds) {
    siginfo_t info;
    const struct timespec limit = {seconds, 0};
    EXPECT_EQUAL(sigtimedwait(&set, &info, &limit), SIGALRM);
    EXPECT_EQUAL(info.si_code, SI_KERNEL);
    EXPECT(!pending());
}

static void check(void) {
    EXPECT_EQUAL(itimer_left(ITIMER_REAL), 0);
    EXPECT(pending());
    expect_one(0);
    const struct itimerval again = to_itimerval(5 * MS, 0);
    EXPECT(setitimer(ITIMER_REAL, &again, NULL) == 0);
    expect_one(10);
}
