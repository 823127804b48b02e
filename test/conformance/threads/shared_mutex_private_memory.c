// SPDX-License-Identifier: Apache-2.0
// carried: process-shared mutex, condition variable, semaphore and barrier in private memory
#include "../conformance.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/syscall.h>

enum { THREADS = 4 };
static pthread_mutex_t contended, mutex;
static pthread_cond_t condition;
static pthread_barrier_t barrier;
static sem_t semaphore;
static pthread_t threads[THREADS];
static atomic_int tids[THREADS], done[THREADS];
static bool token;

static bool is_in(pid_t tid, long number) {
    char path[64], text[32] = "running";
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
    const int file = open(path, O_RDONLY);
    if (file < 0 || read(file, text, sizeof text - 1) <= 0) FAIL("%s cannot be read", path);
    close(file);
    return text[0] != 'r' && atol(text) == number;
}

static void* work(void* argument) {
    const int i = (int)(intptr_t)argument;
    tids[i] = gettid();
    if (i == 0) {
        EXPECT(pthread_mutex_lock(&contended) == 0);
        EXPECT(pthread_mutex_unlock(&contended) == 0);
    } else if (i == 1) {
        EXPECT(pthread_mutex_lock(&mutex) == 0);
        while (!token) EXPECT(pthread_cond_wait(&condition, &mutex) == 0);
        EXPECT(pthread_mutex_unlock(&mutex) == 0);
    } else if (i == 2) {
        EXPECT(sem_wait(&semaphore) == 0);
    } else {
        pthread_barrier_wait(&barrier);
    }
    done[i] = 1;
    return NULL;
}

static void setup(void) {
    pthread_mutexattr_t shared;
    pthread_condattr_t shared_condition;
    pthread_barrierattr_t shared_barrier;
    EXPECT(pthread_mutexattr_init(&shared) == 0);
    EXPECT(pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED) == 0);
    EXPECT(pthread_condattr_init(&shared_condition) == 0);
    EXPECT(pthread_condattr_setpshared(&shared_condition, PTHREAD_PROCESS_SHARED) == 0);
    EXPECT(pthread_barrierattr_init(&shared_barrier) == 0);
    EXPECT(pthread_barrierattr_setpshared(&shared_barrier, PTHREAD_PROCESS_SHARED) == 0);
    EXPECT(pthread_mutex_init(&contended, &shared) == 0 && pthread_mutex_init(&mutex, &shared) == 0);
    EXPECT(pthread_cond_init(&condition, &shared_condition) == 0);
    EXPECT(pthread_barrier_init(&barrier, &shared_barrier, 2) == 0);
    EXPECT(sem_init(&semaphore, 1, 0) == 0);
    EXPECT(pthread_mutex_lock(&contended) == 0);
    for (int i = 0; i < THREADS; i++) {
        EXPECT(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
        AWAIT(tids[i] != 0 && is_in(tids[i], SYS_futex));
    }
}

static void check(void) {
    EXPECT(!done[0] && !done[1] && !done[2] && !done[3]);
    EXPECT_EQUAL(pthread_mutex_trylock(&contended), EBUSY);
    EXPECT(pthread_mutex_unlock(&contended) == 0);
    AWAIT(done[0]);
    EXPECT(pthread_mutex_lock(&mutex) == 0);
    token = true;
    EXPECT(pthread_cond_signal(&condition) == 0);
    EXPECT(pthread_mutex_unlock(&mutex) == 0);
    AWAIT(done[1]);
    EXPECT(sem_post(&semaphore) == 0);
    AWAIT(done[2]);
    pthread_barrier_wait(&barrier);
    AWAIT(done[3]);
    for (int i = 0; i < THREADS; i++) AWAIT(pthread_tryjoin_np(threads[i], NULL) == 0);
}
