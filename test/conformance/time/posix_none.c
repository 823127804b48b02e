// SPDX-License-Identifier: Apache-2.0
// carried: POSIX timer, SIGEV_NONE
#define WATCH
#include "timing.h"

#define FIRST (90 * SECOND)
#define INTERVAL (7 * SECOND)
static timer_t periodic, once;
static int64_t periodic_expiry, once_expiry, periodic_least_left, once_least_left;

static void setup(void) {
    /* The default action of SIGALRM, which a lost sigev_notify would send, ends the process. */
    struct sigevent event = {.sigev_notify = SIGEV_NONE, .sigev_signo = SIGALRM};
    EXPECT(timer_create(CLOCK_MONOTONIC, &event, &periodic) == 0);
    EXPECT(timer_create(CLOCK_MONOTONIC, &event, &once) == 0);
    const struct itimerspec long_time = to_itimerspec(FIRST, INTERVAL), short_time = to_itimerspec(LONG, 0);
    const int64_t now = now_ns(CLOCK_MONOTONIC);
    periodic_expiry = now + FIRST;
    once_expiry = now + LONG;
    EXPECT(timer_settime(periodic, 0, &long_time, NULL) == 0);
    EXPECT(timer_settime(once, 0, &short_time, NULL) == 0);
    AWAIT(posix_left(periodic) < FIRST - PASSED && posix_left(once) < LONG - PASSED);
    periodic_least_left = posix_left(periodic);
    once_least_left = posix_left(once);
}

static void watch(void) {
    periodic_least_left = shrunk(posix_left(periodic), periodic_least_left);
    once_least_left = shrunk(posix_left(once), once_least_left);
}

static void check(void) {
    struct itimerspec seen;
    EXPECT(timer_gettime(periodic, &seen) == 0);
    expect_left(from_timespec(seen.it_value), CLOCK_MONOTONIC, periodic_expiry, periodic_least_left);
    EXPECT_EQUAL(from_timespec(seen.it_interval), INTERVAL);
    const int64_t left = posix_left(once);
    if (left != 0) expect_left(left, CLOCK_MONOTONIC, once_expiry, once_least_left);
    AWAIT(posix_left(once) == 0);
    EXPECT(now_ns(CLOCK_MONOTONIC) >= once_expiry - ROUNDING);
    const struct itimerspec soon = to_itimerspec(20 * MS, INTERVAL);
    EXPECT(timer_settime(periodic, 0, &soon, NULL) == 0);
    AWAIT(posix_left(periodic) > 20 * MS);
    EXPECT(posix_left(periodic) <= INTERVAL);
    EXPECT(timer_delete(periodic) == 0 && timer_delete(once) == 0);
}
