// SPDX-License-Identifier: Apache-2.0
// carried: detached threads that exit after the fork, and threads made after it
#include "../conformance.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>

enum { DETACHED = 3, MADE = 20 };
static pid_t old_tids[DETACHED], new_tids[MADE];
static pthread_t maker, made[MADE];
static atomic_int started, leave, alive;

static int count_tasks(void) {
    int count = 0;
    DIR* tasks = opendir("/proc/self/task");
    EXPECT(tasks != NULL);
    for (const struct dirent* entry; (entry = readdir(tasks)) != NULL;) count += entry->d_name[0] != '.';
    EXPECT(closedir(tasks) == 0);
    return count;
}

static void* stay(void* argument) {
    const int i = (int)(intptr_t)argument;
    old_tids[i] = gettid();
    EXPECT(pthread_detach(pthread_self()) == 0);
    started++;
    while (!leave) sleep_ms(5);
    EXPECT_EQUAL(gettid(), old_tids[i]);
    return NULL;
}

static void* live(void* argument) {
    const int i = (int)(intptr_t)argument;
    new_tids[i] = gettid();
    alive++;
    AWAIT(leave);
    return argument;
}

static void* make(void* argument) {
    started++;
    wait_for_go();
    for (int i = 0; i < MADE; i++) EXPECT(pthread_create(&made[i], NULL, live, (void*)(intptr_t)i) == 0);
    return argument;
}

static void setup(void) {
    for (int i = 0; i < DETACHED; i++) {
        pthread_t thread;
        EXPECT(pthread_create(&thread, NULL, stay, (void*)(intptr_t)i) == 0);
    }
    EXPECT(pthread_create(&maker, NULL, make, NULL) == 0);
    AWAIT(started == DETACHED + 1);
}

static void check(void) {
    AWAIT(pthread_tryjoin_np(maker, NULL) == 0);
    AWAIT(alive == MADE);
    AWAIT(count_tasks() == 1 + DETACHED + MADE);
    for (int i = 0; i < MADE; i++) {
        EXPECT(new_tids[i] != getpid() && new_tids[i] > 0);
        for (int j = 0; j < i; j++) EXPECT(new_tids[i] != new_tids[j]);
        for (int j = 0; j < DETACHED; j++) EXPECT(new_tids[i] != old_tids[j]);
        EXPECT_EQUAL(tgkill(getpid(), new_tids[i], 0), 0);
    }
    leave = 1;
    for (int i = 0; i < MADE; i++) {
        void* result = NULL;
        AWAIT(pthread_tryjoin_np(made[i], &result) == 0);
        EXPECT_EQUAL((intptr_t)result, i);
    }
    AWAIT(count_tasks() == 1);
    for (int i = 0; i < DETACHED; i++) EXPECT(tgkill(getpid(), old_tids[i], 0) == -1 && errno == ESRCH);
}
