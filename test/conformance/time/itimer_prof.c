// SPDX-License-Identifier: Apache-2.0
// carried: setitimer ITIMER_PROF, periodic, as a profiler has it
#include "timing.h"

#define INTERVAL (20 * MS)
static int64_t at_ready;

static void setup(void) {
    note_signal(SIGPROF);
    const struct itimerval periodic = to_itimerval(800 * MS, INTERVAL);
    EXPECT(setitimer(ITIMER_PROF, &periodic, NULL) == 0);
    BURN_UNTIL(itimer_left(ITIMER_PROF) < 600 * MS);
    at_ready = itimer_left(ITIMER_PROF);
}

static void check(void) {
    struct itimerval seen;
    const int64_t left = itimer_left(ITIMER_PROF);
    EXPECT(left <= at_ready);
    /* The wait spent next to no time of the process. */
    EXPECT(left > 200 * MS);
    EXPECT(getitimer(ITIMER_PROF, &seen) == 0);
    EXPECT_EQUAL(seen.it_interval.tv_sec, 0);
    EXPECT_EQUAL(seen.it_interval.tv_usec, INTERVAL / 1000);
    EXPECT_EQUAL(fired, 0);
    const int64_t before = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    BURN_UNTIL(fired);
    EXPECT(now_ns(CLOCK_PROCESS_CPUTIME_ID) - before > left / 2);
    EXPECT_EQUAL(fired_info.si_signo, SIGPROF);
    BURN_UNTIL(fired >= 5);
    const struct itimerval never = to_itimerval(0, 0);
    EXPECT(setitimer(ITIMER_PROF, &never, NULL) == 0);
}
