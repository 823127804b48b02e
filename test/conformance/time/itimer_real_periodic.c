// SPDX-License-Identifier: Apache-2.0
// carried: setitimer ITIMER_REAL, periodic
#include "timing.h"

#define INTERVAL (40 * MS)
static int64_t started;

static void setup(void) {
    note_signal(SIGALRM);
    const struct itimerval periodic = to_itimerval(INTERVAL, INTERVAL);
    started = now_ns(CLOCK_MONOTONIC);
    EXPECT(setitimer(ITIMER_REAL, &periodic, NULL) == 0);
    AWAIT(fired >= 3);
}

static void check(void) {
    struct itimerval seen;
    EXPECT(getitimer(ITIMER_REAL, &seen) == 0);
    EXPECT_EQUAL(seen.it_interval.tv_sec, 0);
    EXPECT_EQUAL(seen.it_interval.tv_usec, INTERVAL / 1000);
    EXPECT(timerisset(&seen.it_value));
    EXPECT(itimer_left(ITIMER_REAL) <= INTERVAL + ROUNDING);
    const int before = fired;
    AWAIT(fired >= before + 5);
    /* No expiry is seen twice. */
    const int seen_now = fired;
    EXPECT(seen_now <= (now_ns(CLOCK_MONOTONIC) - started) / INTERVAL + 1);
    const struct itimerval never = to_itimerval(0, 0);
    EXPECT(setitimer(ITIMER_REAL, &never, &seen) == 0);
    EXPECT_EQUAL(seen.it_interval.tv_usec, INTERVAL / 1000);
    const int at_end = fired;
    sleep_ms(3 * INTERVAL / MS);
    EXPECT_EQUAL(fired, at_end);
}
