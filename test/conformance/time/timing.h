/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the programs of this family: clocks in nanoseconds, a handler that notes expiries, bounds of what is left.
 */
#ifndef FARFORK_TEST_CONFORMANCE_TIMING_H
#define FARFORK_TEST_CONFORMANCE_TIMING_H

/* A program that defines WATCH before it includes this has a function `void watch(void)`, called all through the wait.
 */
#ifdef WATCH
#define CONFORMANCE_OWN_WAIT
#endif

#include "../conformance.h"

#include <sys/time.h>

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
/* Of a one-shot: long enough to be running still when the child starts, as a rule; nothing depends on that. */
#define LONG (4 * SECOND)
/* So much of it passes in setup that a timer that starts anew is seen. */
#define PASSED (300 * MS)
/* getitimer and alarm round. */
#define ROUNDING (1 * MS)

__attribute__((unused)) static int64_t from_timespec(struct timespec time) {
    return time.tv_sec * SECOND + time.tv_nsec;
}

__attribute__((unused)) static struct timespec to_timespec(int64_t ns) {
    return (struct timespec){ns / SECOND, ns % SECOND};
}

__attribute__((unused)) static struct itimerspec to_itimerspec(int64_t value, int64_t interval) {
    return (struct itimerspec){.it_value = to_timespec(value), .it_interval = to_timespec(interval)};
}

__attribute__((unused)) static struct itimerval to_itimerval(int64_t value, int64_t interval) {
    return (struct itimerval){.it_value = {value / SECOND, value % SECOND / 1000},
                              .it_interval = {interval / SECOND, interval % SECOND / 1000}};
}

__attribute__((unused)) static int64_t now_ns(clockid_t clock) {
    struct timespec time;
    EXPECT(clock_gettime(clock, &time) == 0);
    return from_timespec(time);
}

__attribute__((unused)) static int64_t itimer_left(int which) {
    struct itimerval seen;
    EXPECT(getitimer(which, &seen) == 0);
    return seen.it_value.tv_sec * SECOND + seen.it_value.tv_usec * 1000;
}

__attribute__((unused)) static int64_t posix_left(timer_t timer) {
    struct itimerspec seen;
    EXPECT(timer_gettime(timer, &seen) == 0);
    return from_timespec(seen.it_value);
}

static volatile int fired;
static volatile int64_t fired_at; /* CLOCK_MONOTONIC */
static volatile pid_t fired_in;
static siginfo_t fired_info;

__attribute__((unused)) static void on_timer(int number, siginfo_t* info, void* context) {
    (void)number;
    (void)context;
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    fired_at = from_timespec(time);
    fired_in = gettid();
    fired_info = *info;
    fired++;
}

__attribute__((unused)) static void note_signal(int number) {
    struct sigaction action = {.sa_sigaction = on_timer, .sa_flags = SA_SIGINFO | SA_RESTART};
    EXPECT(sigaction(number, &action, NULL) == 0);
}

/* What is left of a one-shot never grows, so that one which starts anew in the child is seen at once. Returns `left`.
 */
__attribute__((unused)) static int64_t shrunk(int64_t left, int64_t before) {
    if (left > before + ROUNDING) FAIL("%" PRId64 " ns are left, after %" PRId64, left, before);
    return left;
}

/* `left` was just read of a timer that is to expire at `expiry` of `clock`, and of which `before` was left earlier. */
__attribute__((unused)) static void expect_left(int64_t left, clockid_t clock, int64_t expiry, int64_t before) {
    const int64_t least = expiry - now_ns(clock) - ROUNDING;
    shrunk(left, before);
    if (left < least) FAIL("%" PRId64 " ns are left, not %" PRId64, left, least);
}

#ifdef WATCH
static void watch(void);

static void wait_for_go(void) {
    while (!go_seen()) {
        watch();
        sleep_ms(5);
    }
}
#endif

/* Spends user time until `condition` holds; fails after 10 s. */
#define BURN_UNTIL(condition)                                                             \
    do {                                                                                  \
        const int64_t burn_limit = now_ns(CLOCK_MONOTONIC) + 10 * SECOND;                 \
        while (!(condition)) {                                                            \
            for (volatile int turn = 0; turn < 200000; turn++) {                          \
            }                                                                             \
            if (now_ns(CLOCK_MONOTONIC) > burn_limit) FAIL("never true: %s", #condition); \
        }                                                                                 \
    } while (0)

#endif
