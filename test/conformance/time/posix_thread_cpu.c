// SPDX-License-Identifier: Apache-2.0
// carried: POSIX timer of another thread's CPU clock
#include "timing.h"

#include <pthread.h>

static timer_t timer;
static int64_t at_ready;
static pthread_t thread;
static volatile bool burning, done;

static void* run(void* unused) {
    (void)unused;
    while (!done) {
        if (!burning) sleep_ms(2);
    }
    return NULL;
}

static void setup(void) {
    note_signal(SIGUSR1);
    EXPECT(pthread_create(&thread, NULL, run, NULL) == 0);
    clockid_t clock;
    EXPECT(pthread_getcpuclockid(thread, &clock) == 0);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 32};
    EXPECT(timer_create(clock, &event, &timer) == 0);
    const struct itimerspec once = to_itimerspec(800 * MS, 0);
    EXPECT(timer_settime(timer, 0, &once, NULL) == 0);
    burning = true;
    AWAIT(posix_left(timer) < 600 * MS);
    burning = false;
    sleep_ms(5);
    at_ready = posix_left(timer);
}

static void check(void) {
    const int64_t left = posix_left(timer);
    EXPECT(left <= at_ready);
    /* Neither the wait nor the time of this thread counts. */
    EXPECT(left > 200 * MS);
    const int64_t start = now_ns(CLOCK_THREAD_CPUTIME_ID);
    BURN_UNTIL(now_ns(CLOCK_THREAD_CPUTIME_ID) > start + 150 * MS);
    EXPECT(posix_left(timer) > left - 100 * MS);
    EXPECT_EQUAL(fired, 0);
    burning = true;
    AWAIT(fired);
    EXPECT_EQUAL(fired, 1);
    EXPECT_EQUAL(fired_info.si_value.sival_int, 32);
    EXPECT_EQUAL(posix_left(timer), 0);
    done = true;
    EXPECT(pthread_join(thread, NULL) == 0);
}
