// SPDX-License-Identifier: Apache-2.0
// carried: POSIX timer, periodic, with overruns under a blocked signal
#include "timing.h"

#define INTERVAL (20 * MS)
static timer_t timer;
static int64_t earliest, latest;
static sigset_t set;
static int64_t before, after;

/* Takes the pending signal, between `before` and `after`; returns the expiries that it stands for. */
static int64_t take(void) {
    siginfo_t info;
    const struct timespec limit = {10, 0};
    before = now_ns(CLOCK_MONOTONIC);
    EXPECT_EQUAL(sigtimedwait(&set, &info, &limit), SIGRTMIN + 1);
    const int overrun = timer_getoverrun(timer);
    after = now_ns(CLOCK_MONOTONIC);
    EXPECT_EQUAL(info.si_code, SI_TIMER);
    EXPECT_EQUAL(info.si_value.sival_int, 99);
    EXPECT_EQUAL(info.si_timerid, (intptr_t)timer);
    EXPECT_EQUAL(info.si_overrun, overrun);
    return 1 + (int64_t)overrun;
}

static void setup(void) {
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 1);
    EXPECT(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1, .sigev_value.sival_int = 99};
    EXPECT(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    const struct itimerspec periodic = to_itimerspec(INTERVAL, INTERVAL);
    earliest = now_ns(CLOCK_MONOTONIC) + INTERVAL;
    EXPECT(timer_settime(timer, 0, &periodic, NULL) == 0);
    latest = now_ns(CLOCK_MONOTONIC) + INTERVAL;
    AWAIT(now_ns(CLOCK_MONOTONIC) > latest + 5 * INTERVAL);
}

static void check(void) {
    struct itimerspec seen;
    EXPECT(timer_gettime(timer, &seen) == 0);
    EXPECT_EQUAL(from_timespec(seen.it_interval), INTERVAL);
    const int64_t first = take(), first_before = before, first_after = after;
    EXPECT(first <= (after - earliest) / INTERVAL + 1);
    /* Nothing outside of the kernel can read how many a pending signal stands for: the child may count from its start.
     */
    EXPECT(first >= (in_child() ? 1 : (before - latest) / INTERVAL));
    AWAIT(now_ns(CLOCK_MONOTONIC) > after + 10 * INTERVAL);
    const int64_t second = take();
    EXPECT(second <= (after - first_before) / INTERVAL + 1);
    EXPECT(second >= (before - first_after) / INTERVAL - 1);
    EXPECT(timer_delete(timer) == 0);
}
