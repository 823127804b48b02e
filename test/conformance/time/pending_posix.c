// SPDX-License-Identifier: Apache-2.0
// carried: signal of an expired POSIX timer, blocked and pending
#include "timing.h"

static timer_t timer;
static sigset_t set;
static int mark;

static bool pending(void) {
    sigset_t seen;
    EXPECT(sigpending(&seen) == 0);
    return sigismember(&seen, SIGRTMIN + 4) == 1;
}

static void setup(void) {
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 4);
    EXPECT(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 4, .sigev_value.sival_ptr = &mark};
    EXPECT(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    const struct itimerspec once = to_itimerspec(1 * MS, 0);
    EXPECT(timer_settime(timer, 0, &once, NULL) == 0);
    AWAIT(pending());
}

static void expect_one(int seconds) {
    siginfo_t info;
    const struct timespec limit = {seconds, 0};
    EXPECT_EQUAL(sigtimedwait(&set, &info, &limit), SIGRTMIN + 4);
    EXPECT_EQUAL(info.si_code, SI_TIMER);
    EXPECT(info.si_value.sival_ptr == &mark);
    EXPECT_EQUAL(info.si_timerid, (intptr_t)timer);
    EXPECT_EQUAL(info.si_overrun, 0);
    /* Real-time signals queue: there is no second one. */
    EXPECT(!pending());
}

static void check(void) {
    EXPECT_EQUAL(posix_left(timer), 0);
    EXPECT(pending());
    expect_one(0);
    const struct itimerspec again = to_itimerspec(5 * MS, 0);
    EXPECT(timer_settime(timer, 0, &again, NULL) == 0);
    expect_one(10);
    EXPECT(timer_delete(timer) == 0);
}
