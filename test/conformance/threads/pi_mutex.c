// SPDX-License-Identifier: Apache-2.0
// carried: priority-inheriting mutexes, owned and waited for
#include "../conformance.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>

enum { WAITERS = 2 };
static pthread_mutex_t owned, dying;
static pthread_t owner, waiters[WAITERS];
static atomic_int owner_tid, locked, release, inside, entered;

static unsigned word(const pthread_mutex_t* mutex) {
    return *(const volatile unsigned*)&mutex->__data.__lock;
}

static void* own(void* argument) {
    owner_tid = gettid();
    EXPECT(pthread_mutex_lock(&dying) == 0);
    EXPECT(pthread_mutex_lock(&owned) == 0);
    locked = 1;
    while (!release) sleep_ms(1);
    EXPECT_EQUAL(entered, 0);
    EXPECT(pthread_mutex_unlock(&owned) == 0);
    return argument;
}

static void* await(void* argument) {
    EXPECT(pthread_mutex_lock(&owned) == 0);
    EXPECT_EQUAL(inside++, 0);
    EXPECT_EQUAL(word(&owned) & FUTEX_TID_MASK, gettid());
    EXPECT_EQUAL(inside--, 1);
    entered++;
    EXPECT(pthread_mutex_unlock(&owned) == 0);
    return argument;
}

static void setup(void) {
    pthread_mutexattr_t attributes;
    EXPECT(pthread_mutexattr_init(&attributes) == 0);
    EXPECT(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT) == 0);
    EXPECT(pthread_mutex_init(&owned, &attributes) == 0);
    EXPECT(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0);
    EXPECT(pthread_mutex_init(&dying, &attributes) == 0);
    EXPECT(pthread_create(&owner, NULL, own, NULL) == 0);
    AWAIT(locked);
    for (int i = 0; i < WAITERS; i++) EXPECT(pthread_create(&waiters[i], NULL, await, NULL) == 0);
    AWAIT(word(&owned) & FUTEX_WAITERS);
}

static void check(void) {
    EXPECT_EQUAL(entered, 0);
    EXPECT_EQUAL(word(&owned) & FUTEX_TID_MASK, owner_tid);
    EXPECT_EQUAL(pthread_mutex_trylock(&owned), EBUSY);
    EXPECT_EQUAL(pthread_mutex_trylock(&dying), EBUSY);
    release = 1;
    AWAIT(entered == WAITERS);
    AWAIT(pthread_tryjoin_np(owner, NULL) == 0);
    for (int i = 0; i < WAITERS; i++) AWAIT(pthread_tryjoin_np(waiters[i], NULL) == 0);
    EXPECT_EQUAL(word(&owned), 0);
    EXPECT_EQUAL(pthread_mutex_lock(&dying), EOWNERDEAD);
    EXPECT(pthread_mutex_consistent(&dying) == 0);
    EXPECT(pthread_mutex_unlock(&dying) == 0);
    EXPECT(pthread_mutex_lock(&owned) == 0);
    EXPECT(pthread_mutex_unlock(&owned) == 0);
}
