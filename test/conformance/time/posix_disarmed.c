// SPDX-License-Identifier: Apache-2.0
// carried: POSIX timers, disarmed
#include "timing.h"

static timer_t never_armed, disarmed;

static void setup(void) {
    note_signal(SIGRTMIN + 2);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 2, .sigev_value.sival_int = 1};
    EXPECT(timer_create(CLOCK_MONOTONIC, &event, &never_armed) == 0);
    event.sigev_value.sival_int = 2;
    EXPECT(timer_create(CLOCK_REALTIME, &event, &disarmed) == 0);
    const struct itimerspec long_time = to_itimerspec(900 * SECOND, 7 * SECOND), none = to_itimerspec(0, 0);
    EXPECT(timer_settime(disarmed, 0, &long_time, NULL) == 0);
    EXPECT(timer_settime(disarmed, 0, &none, NULL) == 0);
}

static void expect_works(timer_t timer, int value) {
    struct itimerspec old;
    const struct itimerspec once = to_itimerspec(5 * MS, 0);
    const int before = fired;
    EXPECT(timer_settime(timer, 0, &once, &old) == 0);
    EXPECT_EQUAL(from_timespec(old.it_value), 0);
    EXPECT_EQUAL(from_timespec(old.it_interval), 0);
    AWAIT(fired == before + 1);
    EXPECT_EQUAL(fired_info.si_value.sival_int, value);
    EXPECT_EQUAL(fired_info.si_timerid, (intptr_t)timer);
    EXPECT(timer_delete(timer) == 0);
}

static void check(void) {
    EXPECT_EQUAL(fired, 0);
    expect_works(never_armed, 1);
    expect_works(disarmed, 2);
}
