// SPDX-License-Identifier: Apache-2.0
// carried: POSIX timer of CLOCK_BOOTTIME
#define WATCH
#include "timing.h"

static timer_t timer;
static int64_t expiry, least_left;

static void setup(void) {
    note_signal(SIGUSR1);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 12};
    EXPECT(timer_create(CLOCK_BOOTTIME, &event, &timer) == 0);
    const struct itimerspec once = to_itimerspec(LONG, 0);
    expiry = now_ns(CLOCK_BOOTTIME) + LONG;
    EXPECT(timer_settime(timer, 0, &once, NULL) == 0);
    AWAIT(posix_left(timer) < LONG - PASSED);
    least_left = posix_left(timer);
}

static void watch(void) {
    least_left = shrunk(posix_left(timer), least_left);
}

static void check(void) {
    const int64_t left = posix_left(timer);
    if (left != 0) expect_left(left, CLOCK_BOOTTIME, expiry, least_left);
    AWAIT(fired);
    EXPECT(now_ns(CLOCK_BOOTTIME) >= expiry - ROUNDING);
    EXPECT_EQUAL(fired, 1);
    EXPECT_EQUAL(fired_info.si_value.sival_int, 12);
    /* It counts by CLOCK_BOOTTIME still: an absolute time of that clock, seen from now. */
    const int64_t later = now_ns(CLOCK_BOOTTIME) + 100 * SECOND;
    const struct itimerspec at = to_itimerspec(later, 0);
    EXPECT(timer_settime(timer, TIMER_ABSTIME, &at, NULL) == 0);
    expect_left(posix_left(timer), CLOCK_BOOTTIME, later, 100 * SECOND);
}
