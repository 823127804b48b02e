// SPDX-License-Identifier: Apache-2.0
// carried: POSIX timer, SIGEV_THREAD_ID
#define WATCH
#include "timing.h"

#include <pthread.h>

static timer_t timer;
static int64_t expiry, least_left;
static volatile pid_t tid;
static pthread_t thread;
static volatile bool done;

static void* run(void* unused) {
    (void)unused;
    tid = gettid();
    while (!done) sleep_ms(5);
    return NULL;
}

static void setup(void) {
    note_signal(SIGUSR2);
    EXPECT(pthread_create(&thread, NULL, run, NULL) == 0);
    AWAIT(tid != 0);
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR2, .sigev_value.sival_int = 4711};
    event._sigev_un._tid = tid;
    EXPECT(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    const struct itimerspec once = to_itimerspec(LONG, 0);
    expiry = now_ns(CLOCK_MONOTONIC) + LONG;
    EXPECT(timer_settime(timer, 0, &once, NULL) == 0);
    AWAIT(posix_left(timer) < LONG - PASSED);
    least_left = posix_left(timer);
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
    /* A signal to the process would have gone to this thread. */
    EXPECT_EQUAL(fired_in, tid);
    EXPECT_EQUAL(fired_info.si_code, SI_TIMER);
    EXPECT_EQUAL(fired_info.si_value.sival_int, 4711);
    const struct itimerspec again = to_itimerspec(5 * MS, 0);
    EXPECT(timer_settime(timer, 0, &again, NULL) == 0);
    AWAIT(fired == 2);
    EXPECT_EQUAL(fired_in, tid);
    done = true;
    EXPECT(pthread_join(thread, NULL) == 0);
}
