// SPDX-License-Identifier: Apache-2.0
// carried: POSIX timer, SIGEV_THREAD of glibc
#define WATCH
#include "timing.h"

static timer_t timer;
static int64_t expiry, least_left;
static volatile int called, value;
static volatile int64_t called_at;
static volatile pid_t called_in;

static void on_expiry(union sigval given) {
    value = given.sival_int;
    called_at = now_ns(CLOCK_MONOTONIC);
    called_in = gettid();
    __atomic_add_fetch(&called, 1, __ATOMIC_SEQ_CST);
}

static void setup(void) {
    struct sigevent event = {
        .sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_expiry, .sigev_value.sival_int = 815};
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
    AWAIT(called);
    EXPECT_EQUAL(called, 1);
    EXPECT(called_at >= expiry - ROUNDING);
    EXPECT_EQUAL(value, 815);
    EXPECT(called_in != gettid());
    const struct itimerspec periodic = to_itimerspec(5 * MS, 20 * MS);
    EXPECT(timer_settime(timer, 0, &periodic, NULL) == 0);
    AWAIT(called >= 5);
    EXPECT(timer_delete(timer) == 0);
}
