// SPDX-License-Identifier: Apache-2.0
// carried: POSIX timer, SIGEV_SIGNAL with a value
#define WATCH
#include "timing.h"

static timer_t timer;
static int64_t expiry, least_left;
static int mark;

static void setup(void) {
    note_signal(SIGRTMIN + 3);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 3, .sigev_value.sival_ptr = &mark};
    EXPECT(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    const struct itimerspec once = to_itimerspec(LONG, 0);
    expiry = now_ns(CLOCK_MONOTONIC) + LONG;
    EXPECT(timer_settime(timer, 0, &once, NULL) == 0);
    AWAIT(posix_left(timer) < LONG - PASSED);
    least_left = posix_left(timer);
}

static void expect_mine(void) {
    EXPECT_EQUAL(fired_info.si_signo, SIGRTMIN + 3);
    EXPECT_EQUAL(fired_info.si_code, SI_TIMER);
    EXPECT(fired_info.si_value.sival_ptr == &mark);
    EXPECT_EQUAL(fired_info.si_timerid, (intptr_t)timer);
    EXPECT_EQUAL(fired_info.si_overrun, 0);
}

static void watch(void) {
    least_left = shrunk(posix_left(timer), least_left);
}

static void check(void) {
    const int64_t left = posix_left(timer);
    if (left != 0) expect_left(left, CLOCK_MONOTONIC, expiry, least_left);
    AWAIT(fired);
    EXPECT_EQUAL(fired, 1);
    EXPECT(fired_at >= expiry - ROUNDING);
    expect_mine();
    EXPECT_EQUAL(posix_left(timer), 0);
    EXPECT_EQUAL(timer_getoverrun(timer), 0);
    const struct itimerspec again = to_itimerspec(5 * MS, 0);
    EXPECT(timer_settime(timer, 0, &again, NULL) == 0);
    AWAIT(fired == 2);
    expect_mine();
    EXPECT(timer_delete(timer) == 0);
}
