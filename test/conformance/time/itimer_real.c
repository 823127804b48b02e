// SPDX-License-Identifier: Apache-2.0
// carried: setitimer ITIMER_REAL, one-shot
#define WATCH
#include "timing.h"

static int64_t expiry, least_left;

static void setup(void) {
    note_signal(SIGALRM);
    const struct itimerval once = to_itimerval(LONG, 0);
    expiry = now_ns(CLOCK_MONOTONIC) + LONG;
    EXPECT(setitimer(ITIMER_REAL, &once, NULL) == 0);
    AWAIT(itimer_left(ITIMER_REAL) < LONG - PASSED);
    least_left = itimer_left(ITIMER_REAL);
}

static void watch(void) {
    least_left = shrunk(itimer_left(ITIMER_REAL), least_left);
}

static void check(void) {
    const int64_t left = itimer_left(ITIMER_REAL);
    if (left != 0) expect_left(left, CLOCK_MONOTONIC, expiry, least_left);
    AWAIT(fired);
    EXPECT_EQUAL(fired, 1);
    EXPECT(fired_at >= expiry - ROUNDING);
    EXPECT_EQUAL(fired_info.si_signo, SIGALRM);
    EXPECT_EQUAL(fired_info.si_code, SI_KERNEL);
    struct itimerval seen;
    EXPECT(getitimer(ITIMER_REAL, &seen) == 0);
    EXPECT(!timerisset(&seen.it_value) && !timerisset(&seen.it_interval));
    const struct itimerval again = to_itimerval(5 * MS, 0);
    EXPECT(setitimer(ITIMER_REAL, &again, NULL) == 0);
    AWAIT(fired == 2);
}
