// SPDX-License-Identifier: Apache-2.0
// carried: nice, SCHED_BATCH, SCHED_IDLE, reset-on-fork and timer slack of each thread
#include "../conformance.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum { WORKERS = 5 };
/* The last row is the main thread's. */
static const struct {
    int policy, nice;
    unsigned long slack;
} wanted[WORKERS + 1] = {
    {SCHED_OTHER, 5, 111111},
    {SCHED_OTHER, 19, 1},
    {SCHED_BATCH, 7, 222222},
    {SCHED_IDLE, 3, 333333},
    {SCHED_OTHER | SCHED_RESET_ON_FORK, 4, 50000},
    {SCHED_OTHER, 2, 444444},
};
static pthread_t threads[WORKERS];
static pid_t tids[WORKERS + 1];
static atomic_int set, seen_by_main;

static void set_this(int i) {
    const struct sched_param none = {0};
    tids[i] = gettid();
    EXPECT(sched_setscheduler(0, wanted[i].policy, &none) == 0);
    EXPECT(setpriority(PRIO_PROCESS, 0, wanted[i].nice) == 0);
    EXPECT(prctl(PR_SET_TIMERSLACK, wanted[i].slack, 0, 0, 0) == 0);
}

static void* work(void* argument) {
    const int i = (int)(intptr_t)argument;
    set_this(i);
    set++;
    wait_for_go();
    EXPECT_EQUAL(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), wanted[i].slack);
    EXPECT_EQUAL(getpriority(PRIO_PROCESS, 0), wanted[i].nice);
    AWAIT(seen_by_main);
    return NULL;
}

static void setup(void) {
    for (int i = 0; i < WORKERS; i++) EXPECT(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
    AWAIT(set == WORKERS);
    set_this(WORKERS);
}

static void check(void) {
    for (int i = 0; i <= WORKERS; i++) {
        EXPECT_EQUAL(sched_getscheduler(tids[i]), wanted[i].policy);
        EXPECT_EQUAL(getpriority(PRIO_PROCESS, (id_t)tids[i]), wanted[i].nice);
    }
    EXPECT_EQUAL(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), wanted[WORKERS].slack);
    seen_by_main = 1;
    for (int i = 0; i < WORKERS; i++) AWAIT(pthread_tryjoin_np(threads[i], NULL) == 0);
}
