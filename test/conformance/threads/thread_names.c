// SPDX-License-Identifier: Apache-2.0
// carried: names of the threads
#include "../conformance.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/prctl.h>

enum { WORKERS = 4 };
/* Names that a reader of /proc/PID/stat or status could stumble over; the main thread has the last one. */
static const char* const names[WORKERS + 1] = {"123456789012345", ") R 1 (x) S 2", "a\nThreads:\t9\n", "",
                                               "caf\xc3\xa9 main"};
static pthread_t threads[WORKERS];
static pid_t tids[WORKERS + 1];
static atomic_int named, seen_by_main;

static void name_this(int i) {
    EXPECT(prctl(PR_SET_NAME, names[i]) == 0);
    tids[i] = gettid();
}

static void check_this(int i) {
    char name[16] = {0};
    EXPECT(prctl(PR_GET_NAME, name) == 0);
    if (strcmp(name, names[i]) != 0) FAIL("thread %d is named \"%s\", not \"%s\"", i, name, names[i]);
    EXPECT_EQUAL(gettid(), tids[i]);
}

static void* work(void* argument) {
    const int i = (int)(intptr_t)argument;
    name_this(i);
    named++;
    wait_for_go();
    check_this(i);
    AWAIT(seen_by_main);
    return NULL;
}

static void setup(void) {
    for (int i = 0; i < WORKERS; i++) EXPECT(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
    AWAIT(named == WORKERS);
    name_this(WORKERS);
}

static void check(void) {
    check_this(WORKERS);
    for (int i = 0; i <= WORKERS; i++) {
        char path[64], seen[32] = {0}, wanted[32];
        snprintf(path, sizeof path, "/proc/self/task/%d/comm", tids[i]);
        snprintf(wanted, sizeof wanted, "%s\n", names[i]);
        const int file = open(path, O_RDONLY);
        EXPECT(file >= 0);
        EXPECT(read(file, seen, sizeof seen - 1) > 0);
        EXPECT(close(file) == 0);
        if (strcmp(seen, wanted) != 0) FAIL("%s holds \"%s\", not \"%s\"", path, seen, wanted);
    }
    seen_by_main = 1;
    for (int i = 0; i < WORKERS; i++) AWAIT(pthread_tryjoin_np(threads[i], NULL) == 0);
}
