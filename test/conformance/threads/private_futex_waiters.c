// SPDX-License-Identifier: Apache-2.0
// carried: threads that wait for a condition variable, a mutex, a rwlock and a semaphore
#include "../conformance.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/syscall.h>

enum { WAITERS = 3, THREADS = WAITERS * 2 + 2 };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, contended = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore;
static pthread_t threads[THREADS];
static atomic_int tids[THREADS], tokens, woken, entered, inside, wrote, posted;

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
    if (i < WAITERS) {
        pthread_mutex_lock(&mutex);
        while (tokens == 0) pthread_cond_wait(&condition, &mutex);
        tokens--;
        woken++;
        pthread_mutex_unlock(&mutex);
    } else if (i < 2 * WAITERS) {
        EXPECT(pthread_mutex_lock(&contended) == 0);
        EXPECT_EQUAL(inside++, 0);
        sleep_ms(1);
        EXPECT_EQUAL(inside--, 1);
        entered++;
        EXPECT(pthread_mutex_unlock(&contended) == 0);
    } else if (i == 2 * WAITERS) {
        EXPECT(pthread_rwlock_wrlock(&rwlock) == 0);
        wrote = 1;
        EXPECT(pthread_rwlock_unlock(&rwlock) == 0);
    } else {
        EXPECT(sem_wait(&semaphore) == 0);
        posted = 1;
    }
    return NULL;
}

static void setup(void) {
    EXPECT(sem_init(&semaphore, 0, 0) == 0);
    EXPECT(pthread_mutex_lock(&contended) == 0);
    EXPECT(pthread_rwlock_rdlock(&rwlock) == 0);
    for (int i = 0; i < THREADS; i++) {
        EXPECT(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
        AWAIT(tids[i] != 0 && is_in(tids[i], SYS_futex));
    }
}

static void give(int count, int (*wake)(pthread_cond_t*)) {
    EXPECT(pthread_mutex_lock(&mutex) == 0);
    tokens += count;
    EXPECT(wake(&condition) == 0);
    EXPECT(pthread_mutex_unlock(&mutex) == 0);
}

static void check(void) {
    EXPECT(woken == 0 && entered == 0 && wrote == 0 && posted == 0);
    give(1, pthread_cond_signal);
    AWAIT(woken == 1);
    give(WAITERS - 1, pthread_cond_broadcast);
    AWAIT(woken == WAITERS);
    EXPECT_EQUAL(tokens, 0);
    EXPECT_EQUAL(pthread_mutex_trylock(&contended), EBUSY);
    EXPECT(pthread_mutex_unlock(&contended) == 0);
    AWAIT(entered == WAITERS);
    EXPECT_EQUAL(pthread_rwlock_trywrlock(&rwlock), EBUSY);
    EXPECT(pthread_rwlock_unlock(&rwlock) == 0);
    AWAIT(wrote);
    EXPECT(sem_post(&semaphore) == 0);
    AWAIT(posted);
    for (int i = 0; i < THREADS; i++) AWAIT(pthread_tryjoin_np(threads[i], NULL) == 0);
}
