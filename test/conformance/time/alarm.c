// SPDX-License-Identifier: Apache-2.0
// carried: alarm()
#define WATCH
#include "timing.h"

static int64_t expiry, least_left;

static void setup(void) {
    note_signal(SIGALRM);
    expiry = now_ns(CLOCK_MONOTONIC) + 60 * SECOND;
    EXPECT_EQUAL(alarm(60), 0);
    /* alarm() rounds to whole seconds: below 59.5 s it says 59. */
    AWAIT(itimer_left(ITIMER_REAL) < 59400 * MS);
    least_left = itimer_left(ITIMER_REAL);
}

static void watch(void) {
    least_left = shrunk(itimer_left(ITIMER_REAL), least_left);
}

static void check(void) {
    expect_left(itimer_left(ITIMER_REAL), CLOCK_MONOTONIC, expiry, least_left);
    const unsigned seconds = alarm(1);
    const int64_t replaced = now_ns(CLOCK_MONOTONIC);
    EXPECT(seconds <= 59);
    EXPECT(seconds >= (expiry - replaced) / SECOND);
    AWAIT(fired);
    EXPECT(fired_at >= replaced + SECOND - 100 * MS);
    EXPECT_EQUAL(fired, 1);
    EXPECT_EQUAL(alarm(0), 0);
}
