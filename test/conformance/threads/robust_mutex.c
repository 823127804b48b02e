// SPDX-License-Identifier: Apache-2.0
// carried: robust mutexes whose owner dies after the fork
#include "../conformance.h"

#include <pthread.h>
#include <stdatomic.h>

static pthread_mutex_t held[2], mine;
static pthread_t owner, waiter;
static atomic_int owning, waiting, owner_died;

static void* own(void* argument) {
    for (int i = 0; i < 2; i++) EXPECT(pthread_mutex_lock(&held[i]) == 0);
    owning = 1;
    wait_for_go();
    return argument;
}

static void* await(void* argument) {
    waiting = 1;
    EXPECT_EQUAL(pthread_mutex_lock(&held[0]), EOWNERDEAD);
    owner_died = 1;
    EXPECT(pthread_mutex_consistent(&held[0]) == 0);
    EXPECT(pthread_mutex_unlock(&held[0]) == 0);
    EXPECT_EQUAL(pthread_mutex_trylock(&mine), EBUSY);
    return argument;
}

static void setup(void) {
    pthread_mutexattr_t robust;
    EXPECT(pthread_mutexattr_init(&robust) == 0);
    EXPECT(pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_ROBUST) == 0);
    for (int i = 0; i < 2; i++) EXPECT(pthread_mutex_init(&held[i], &robust) == 0);
    EXPECT(pthread_mutex_init(&mine, &robust) == 0);
    EXPECT(pthread_mutex_lock(&mine) == 0);
    EXPECT(pthread_create(&owner, NULL, own, NULL) == 0);
    AWAIT(owning);
    EXPECT(pthread_create(&waiter, NULL, await, NULL) == 0);
    AWAIT(waiting);
}

static void check(void) {
    AWAIT(pthread_tryjoin_np(owner, NULL) == 0);
    AWAIT(owner_died);
    AWAIT(pthread_tryjoin_np(waiter, NULL) == 0);
    EXPECT_EQUAL(pthread_mutex_lock(&held[0]), 0);
    EXPECT_EQUAL(pthread_mutex_trylock(&held[1]), EOWNERDEAD);
    EXPECT(pthread_mutex_unlock(&held[1]) == 0);
    EXPECT_EQUAL(pthread_mutex_trylock(&held[1]), ENOTRECOVERABLE);
    EXPECT(pthread_mutex_unlock(&mine) == 0);
    EXPECT(pthread_mutex_trylock(&mine) == 0);
}
