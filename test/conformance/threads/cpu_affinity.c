// SPDX-License-Identifier: Apache-2.0
// carried: CPU affinity of each thread
#include "../conformance.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { WORKERS = 3 };
static cpu_set_t all, wanted[WORKERS];
static int cpus[2];
static pthread_t threads[WORKERS];
static atomic_int set;

static void* work(void* argument) {
    const int i = (int)(intptr_t)argument;
    EXPECT(sched_setaffinity(0, sizeof wanted[i], &wanted[i]) == 0);
    set++;
    wait_for_go();
    cpu_set_t seen;
    EXPECT(sched_getaffinity(0, sizeof seen, &seen) == 0);
    EXPECT(CPU_EQUAL(&seen, &wanted[i]));
    if (i < 2) EXPECT_EQUAL(sched_getcpu(), cpus[i]);
    return NULL;
}

static void setup(void) {
    EXPECT(sched_getaffinity(0, sizeof all, &all) == 0);
    if (CPU_COUNT(&all) < 2) LACKS("two CPUs");
    cpus[0] = 0;
    while (!CPU_ISSET(cpus[0], &all)) cpus[0]++;
    cpus[1] = CPU_SETSIZE - 1;
    while (!CPU_ISSET(cpus[1], &all)) cpus[1]--;
    CPU_SET(cpus[0], &wanted[0]);
    CPU_SET(cpus[1], &wanted[1]);
    wanted[2] = all;
    for (int i = 0; i < WORKERS; i++) EXPECT(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
    AWAIT(set == WORKERS);
    EXPECT(sched_setaffinity(0, sizeof wanted[1], &wanted[1]) == 0);
}

static void check(void) {
    cpu_set_t seen;
    EXPECT(sched_getaffinity(0, sizeof seen, &seen) == 0);
    EXPECT(CPU_EQUAL(&seen, &wanted[1]));
    EXPECT_EQUAL(sched_getcpu(), cpus[1]);
    for (int i = 0; i < WORKERS; i++) AWAIT(pthread_tryjoin_np(threads[i], NULL) == 0);
    EXPECT(sched_setaffinity(0, sizeof all, &all) == 0);
    EXPECT(sched_getaffinity(0, sizeof seen, &seen) == 0);
    EXPECT(CPU_EQUAL(&seen, &all));
}
