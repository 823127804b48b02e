// SPDX-License-Identifier: Apache-2.0
// carried: sleeps in progress, relative and absolute
#include "../conformance.h"

#include <pthread.h>
#include <stdatomic.h>

enum { NANOSLEEP, MONOTONIC, REALTIME, INTERRUPTED, THREADS, SECONDS = 3, LONG_SECONDS = 3600 };
static pthread_t threads[THREADS];
static atomic_int started, returned[THREADS], interrupted;
static int64_t slept_since;

static int64_t now(clockid_t clock) {
    struct timespec time;
    EXPECT(clock_gettime(clock, &time) == 0);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static struct timespec from(int64_t ns) {
    return (struct timespec){ns / 1000000000, ns % 1000000000};
}

static void note(int number) {
    (void)number;
    interrupted = 1;
}

static void* work(void* argument) {
    const int i = (int)(intptr_t)argument;
    const clockid_t clock = i == REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    const int64_t limit = now(clock) + SECONDS * 1000000000ll;
    struct timespec span = {.tv_sec = i == INTERRUPTED ? LONG_SECONDS : SECONDS}, until = from(limit), left = {0};
    if (i == INTERRUPTED) slept_since = now(clock);
    started++;
    if (i == MONOTONIC || i == REALTIME) EXPECT_EQUAL(clock_nanosleep(clock, TIMER_ABSTIME, &until, NULL), 0);
    if (i == NANOSLEEP) EXPECT_EQUAL(nanosleep(&span, &left), 0);
    if (i != INTERRUPTED && now(clock) < limit) FAIL("sleep %d ended early", i);
    if (i == INTERRUPTED) {
        const int error = nanosleep(&span, &left) == 0 ? 0 : errno;
        EXPECT_EQUAL(error, EINTR);
        EXPECT(interrupted);
        /* setup() let a second of it pass: a sleep that began again would have more left. */
        const int64_t rest = left.tv_sec * 1000000000ll + left.tv_nsec;
        EXPECT(rest <= (LONG_SECONDS - 1) * 1000000000ll);
        EXPECT(rest >= LONG_SECONDS * 1000000000ll - (now(clock) - slept_since));
    }
    returned[i] = 1;
    return NULL;
}

static void setup(void) {
    EXPECT(signal(SIGUSR1, note) != SIG_ERR);
    for (int i = 0; i < THREADS; i++) EXPECT(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
    AWAIT(started == THREADS);
    const int64_t second = now(CLOCK_MONOTONIC) + 1100000000;
    AWAIT(now(CLOCK_MONOTONIC) > second);
}

static void check(void) {
    EXPECT(!returned[INTERRUPTED]);
    EXPECT(pthread_kill(threads[INTERRUPTED], SIGUSR1) == 0);
    for (int i = 0; i < THREADS; i++) AWAIT(pthread_tryjoin_np(threads[i], NULL) == 0);
}
