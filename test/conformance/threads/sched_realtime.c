// SPDX-License-Identifier: Apache-2.0
// carried: SCHED_FIFO and SCHED_RR threads
#include "../conformance.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { WORKERS = 3 };
static const struct {
    int policy, priority;
} wanted[WORKERS] = {{SCHED_FIFO, 3}, {SCHED_RR, 5}, {SCHED_RR | SCHED_RESET_ON_FORK, 1}};
static pthread_t threads[WORKERS];
static pid_t tids[WORKERS];
static atomic_int set, seen_by_main;

static void* work(void* argument) {
    const int i = (int)(intptr_t)argument;
    const struct sched_param priority = {.sched_priority = wanted[i].priority};
    tids[i] = gettid();
    if (sched_setscheduler(0, wanted[i].policy, &priority) != 0) LACKS("real-time scheduling");
    set++;
    wait_for_go();
    AWAIT(seen_by_main);
    return NULL;
}

static void setup(void) {
    for (int i = 0; i < WORKERS; i++) EXPECT(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
    AWAIT(set == WORKERS);
}

static void check(void) {
    for (int i = 0; i < WORKERS; i++) {
        struct sched_param seen;
        EXPECT_EQUAL(sched_getscheduler(tids[i]), wanted[i].policy);
        EXPECT(sched_getparam(tids[i], &seen) == 0);
        EXPECT_EQUAL(seen.sched_priority, wanted[i].priority);
    }
    EXPECT_EQUAL(sched_getscheduler(0), SCHED_OTHER);
    /* One that could not come back to its policy would be no real-time thread any more. */
    const struct sched_param other = {0}, again = {.sched_priority = wanted[0].priority};
    EXPECT(sched_setscheduler(tids[0], SCHED_OTHER, &other) == 0);
    EXPECT(sched_setscheduler(tids[0], wanted[0].policy, &again) == 0);
    seen_by_main = 1;
    for (int i = 0; i < WORKERS; i++) AWAIT(pthread_tryjoin_np(threads[i], NULL) == 0);
}
