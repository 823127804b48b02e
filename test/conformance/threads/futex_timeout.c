// SPDX-License-Identifier: Apache-2.0
// carried: futex waits with a timeout
#include "../conformance.h"

#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/syscall.h>

enum { RELATIVE, ABSOLUTE, CONDITION, SEMAPHORE, WOKEN, THREADS, SECONDS = 3 };
static pthread_t threads[THREADS];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static unsigned words[THREADS];
static atomic_int started, returned[THREADS];

static struct timespec after(clockid_t clock, int seconds) {
    struct timespec time;
    EXPECT(clock_gettime(clock, &time) == 0);
    time.tv_sec += seconds;
    return time;
}

static bool is_past(clockid_t clock, struct timespec limit) {
    const struct timespec now = after(clock, 0);
    return now.tv_sec > limit.tv_sec || (now.tv_sec == limit.tv_sec && now.tv_nsec >= limit.tv_nsec);
}

static int wait_on(int i, int operation, const struct timespec* time) {
    return syscall(SYS_futex, &words[i], operation, 0, time, NULL, FUTEX_BITSET_MATCH_ANY) == 0 ? 0 : errno;
}

static void* work(void* argument) {
    const int i = (int)(intptr_t)argument;
    const clockid_t clock = i == CONDITION || i == SEMAPHORE ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    const struct timespec span = {.tv_sec = i == WOKEN ? 3600 : SECONDS}, limit = after(clock, SECONDS);
    int error = 0;
    started++;
    if (i == RELATIVE || i == WOKEN) error = wait_on(i, FUTEX_WAIT_PRIVATE, &span);
    if (i == ABSOLUTE) error = wait_on(i, FUTEX_WAIT_BITSET_PRIVATE, &limit);
    if (i == CONDITION) {
        pthread_mutex_lock(&mutex);
        while (error == 0) error = pthread_cond_timedwait(&condition, &mutex, &limit);
        pthread_mutex_unlock(&mutex);
    }
    if (i == SEMAPHORE) error = sem_timedwait(&semaphore, &limit) == 0 ? 0 : errno;
    if (error != (i == WOKEN ? 0 : ETIMEDOUT)) FAIL("wait %d ended with %s", i, strerror(error));
    if (i != WOKEN && !is_past(clock, limit)) FAIL("wait %d ended early", i);
    returned[i] = 1;
    return NULL;
}

static void setup(void) {
    EXPECT(sem_init(&semaphore, 0, 0) == 0);
    for (int i = 0; i < THREADS; i++) EXPECT(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
    AWAIT(started == THREADS);
}

static void check(void) {
    for (int i = 0; i < WOKEN; i++) AWAIT(returned[i]);
    EXPECT_EQUAL(returned[WOKEN], 0);
    AWAIT(syscall(SYS_futex, &words[WOKEN], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 1);
    for (int i = 0; i < THREADS; i++) AWAIT(pthread_tryjoin_np(threads[i], NULL) == 0);
}
