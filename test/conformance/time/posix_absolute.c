// SPDX-License-Identifier: Apache-2.0
// carried: POSIX timers, armed with TIMER_ABSTIME
#define WATCH
#include "timing.h"

static const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME};
static timer_t timers[2];
static int64_t expiry[2], least_left[2];
static volatile int64_t expired_at[2];
static volatile int count[2];

static void on_expiry(int number, siginfo_t* info, void* context) {
    (void)number;
    (void)context;
    const int which = info->si_value.sival_int;
    struct timespec time;
    clock_gettime(clocks[which], &time);
    expired_at[which] = from_timespec(time);
    count[which]++;
}

static void setup(void) {
    struct sigaction action = {.sa_sigaction = on_expiry, .sa_flags = SA_SIGINFO | SA_RESTART};
    EXPECT(sigaction(SIGRTMIN, &action, NULL) == 0);
    for (int i = 0; i < 2; i++) {
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = i};
        EXPECT(timer_create(clocks[i], &event, &timers[i]) == 0);
        expiry[i] = now_ns(clocks[i]) + LONG;
        const struct itimerspec at = to_itimerspec(expiry[i], 0);
        EXPECT(timer_settime(timers[i], TIMER_ABSTIME, &at, NULL) == 0);
    }
    AWAIT(posix_left(timers[0]) < LONG - PASSED && posix_left(timers[1]) < LONG - PASSED);
    for (int i = 0; i < 2; i++) least_left[i] = posix_left(timers[i]);
}

static void watch(void) {
    for (int i = 0; i < 2; i++) least_left[i] = shrunk(posix_left(timers[i]), least_left[i]);
}

static void check(void) {
    for (int i = 0; i < 2; i++) {
        const int64_t left = posix_left(timers[i]);
        if (left != 0) expect_left(left, clocks[i], expiry[i], least_left[i]);
    }
    AWAIT(count[0] && count[1]);
    for (int i = 0; i < 2; i++) {
        EXPECT_EQUAL(count[i], 1);
        EXPECT(expired_at[i] >= expiry[i] - ROUNDING);
        EXPECT_EQUAL(posix_left(timers[i]), 0);
        const struct itimerspec past = to_itimerspec(expiry[i], 0);
        EXPECT(timer_settime(timers[i], TIMER_ABSTIME, &past, NULL) == 0);
    }
    AWAIT(count[0] == 2 && count[1] == 2);
}
