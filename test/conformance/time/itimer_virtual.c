// SPDX-License-Identifier: Apache-2.0
// carried: setitimer ITIMER_VIRTUAL, one-shot
#include "timing.h"

static int64_t at_ready;

static void setup(void) {
    note_signal(SIGVTALRM);
    const struct itimerval once = to_itimerval(800 * MS, 0);
    EXPECT(setitimer(ITIMER_VIRTUAL, &once, NULL) == 0);
    BURN_UNTIL(itimer_left(ITIMER_VIRTUAL) < 600 * MS);
    at_ready = itimer_left(ITIMER_VIRTUAL);
}

static void check(void) {
    const int64_t left = itimer_left(ITIMER_VIRTUAL);
    EXPECT(left <= at_ready);
    /* The wait spent next to no time of the process. */
    EXPECT(left > 200 * MS);
    EXPECT_EQUAL(fired, 0);
    const int64_t before = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    BURN_UNTIL(fired);
    /* The kernel counts user time in ticks. */
    EXPECT(now_ns(CLOCK_PROCESS_CPUTIME_ID) - before > left / 2);
    EXPECT_EQUAL(fired, 1);
    EXPECT_EQUAL(fired_info.si_signo, SIGVTALRM);
    EXPECT_EQUAL(itimer_left(ITIMER_VIRTUAL), 0);
    const struct itimerval again = to_itimerval(5 * MS, 0);
    EXPECT(setitimer(ITIMER_VIRTUAL, &again, NULL) == 0);
    BURN_UNTIL(fired == 2);
}
