// SPDX-License-Identifier: Apache-2.0
// carried: POSIX timer of the process's CPU clock
#include "timing.h"

static timer_t timer;
static int64_t at_ready;

static void setup(void) {
    note_signal(SIGUSR1);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 31};
    EXPECT(timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer) == 0);
    const struct itimerspec periodic = to_itimerspec(800 * MS, 50 * MS);
    EXPECT(timer_settime(timer, 0, &periodic, NULL) == 0);
    BURN_UNTIL(posix_left(timer) < 600 * MS);
    at_ready = posix_left(timer);
}

static void check(void) {
    struct itimerspec seen;
    EXPECT(timer_gettime(timer, &seen) == 0);
    const int64_t left = from_timespec(seen.it_value);
    EXPECT(left <= at_ready);
    /* The wait spent next to no time of the process. */
    EXPECT(left > 200 * MS);
    EXPECT_EQUAL(from_timespec(seen.it_interval), 50 * MS);
    EXPECT_EQUAL(fired, 0);
    const int64_t before = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    BURN_UNTIL(fired);
    EXPECT(now_ns(CLOCK_PROCESS_CPUTIME_ID) - before > left - 20 * MS);
    EXPECT_EQUAL(fired_info.si_code, SI_TIMER);
    EXPECT_EQUAL(fired_info.si_value.sival_int, 31);
    BURN_UNTIL(fired >= 3);
    EXPECT(timer_delete(timer) == 0);
}
