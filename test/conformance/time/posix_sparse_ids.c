// SPDX-License-Identifier: Apache-2.0
// carried: POSIX timers whose ids are not dense
#define WATCH
#include "timing.h"

#define TIMERS 5
static timer_t timers[TIMERS];
static int64_t expiry[TIMERS], least_left[TIMERS];
static volatile int count[TIMERS + 1];
static volatile intptr_t fired_id[TIMERS + 1];
static volatile int64_t expired_at[TIMERS + 1];

static void on_expiry(int number, siginfo_t* info, void* context) {
    (void)number;
    (void)context;
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    expired_at[info->si_value.sival_int] = from_timespec(time);
    fired_id[info->si_value.sival_int] = info->si_timerid;
    count[info->si_value.sival_int]++;
}

static void make(timer_t* timer, int value) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = value};
    EXPECT(timer_create(CLOCK_MONOTONIC, &event, timer) == 0);
}

static bool deleted(int i) {
    return i == 0 || i == 2;
}

static void setup(void) {
    struct sigaction action = {.sa_sigaction = on_expiry, .sa_flags = SA_SIGINFO | SA_RESTART};
    EXPECT(sigaction(SIGRTMIN, &action, NULL) == 0);
    for (int i = 0; i < TIMERS; i++) make(&timers[i], i);
    for (int i = 0; i < TIMERS; i++) {
        if (deleted(i)) EXPECT(timer_delete(timers[i]) == 0);
    }
    for (int i = 0; i < TIMERS; i++) {
        if (deleted(i)) continue;
        const struct itimerspec once = to_itimerspec(LONG + i * 100 * MS, 0);
        expiry[i] = now_ns(CLOCK_MONOTONIC) + LONG + i * 100 * MS;
        EXPECT(timer_settime(timers[i], 0, &once, NULL) == 0);
    }
    AWAIT(posix_left(timers[1]) < LONG - PASSED && posix_left(timers[4]) < LONG + 400 * MS - PASSED);
    for (int i = 0; i < TIMERS; i++) least_left[i] = deleted(i) ? 0 : posix_left(timers[i]);
}

static void watch(void) {
    for (int i = 0; i < TIMERS; i++) {
        if (!deleted(i)) least_left[i] = shrunk(posix_left(timers[i]), least_left[i]);
    }
}

static void check(void) {
    struct itimerspec seen;
    for (int i = 0; i < TIMERS; i++) {
        if (deleted(i)) {
            EXPECT(timer_gettime(timers[i], &seen) == -1 && errno == EINVAL);
            continue;
        }
        const int64_t left = posix_left(timers[i]);
        if (left != 0) expect_left(left, CLOCK_MONOTONIC, expiry[i], least_left[i]);
    }
    timer_t another;
    make(&another, TIMERS);
    const struct itimerspec soon = to_itimerspec(5 * MS, 0);
    EXPECT(timer_settime(another, 0, &soon, NULL) == 0);
    AWAIT(count[TIMERS] == 1);
    AWAIT(count[1] && count[3] && count[4]);
    for (int i = 0; i < TIMERS; i++) {
        EXPECT_EQUAL(count[i], deleted(i) ? 0 : 1);
        if (deleted(i)) continue;
        EXPECT(timers[i] != another);
        EXPECT(expired_at[i] >= expiry[i] - ROUNDING);
        EXPECT_EQUAL(fired_id[i], (intptr_t)timers[i]);
        EXPECT(timer_delete(timers[i]) == 0);
    }
}
