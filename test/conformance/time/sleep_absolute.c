// SPDX-License-Identifier: Apache-2.0
// carried: clock_nanosleep to an absolute time
#define CONFORMANCE_OWN_WAIT
#include "timing.h"

static int64_t wake, woken;
static int result = -1;
static struct timespec left = {77, 77};

static void setup(void) {
    wake = now_ns(CLOCK_MONOTONIC) + LONG;
}

static void wait_for_go(void) {
    const struct timespec until = to_timespec(wake);
    result = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, &left);
    woken = now_ns(CLOCK_MONOTONIC);
    while (!go_seen()) sleep_ms(5);
}

static void check(void) {
    EXPECT_EQUAL(result, 0);
    EXPECT(woken >= wake);
    EXPECT(woken < wake + 8 * SECOND);
    /* An absolute sleep leaves it alone. */
    EXPECT(left.tv_sec == 77 && left.tv_nsec == 77);
}
