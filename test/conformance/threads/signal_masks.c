// SPDX-License-Identifier: Apache-2.0
// carried: signal mask of each thread
#include "../conformance.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

enum { WORKERS = 3 };
#define BIT(signal) (1ull << ((signal)-1))
/* All 64 bits, with those that the C library hides; the last one is the main thread's. */
static const uint64_t wanted[WORKERS + 1] = {
    BIT(SIGUSR2) | BIT(SIGTERM) | BIT(33) | BIT(64),
    ~0ull & ~BIT(SIGKILL) & ~BIT(SIGSTOP),
    BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(40),
    BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(SIGCHLD),
};
static pthread_t threads[WORKERS];
static atomic_int set, checked, taken_by, usr1s, usr2s;

static void take(int number) {
    taken_by = gettid();
    if (number == SIGUSR1) usr1s++;
    if (number == SIGUSR2) usr2s++;
}

static uint64_t mask_now(void) {
    uint64_t mask;
    EXPECT(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof mask) == 0);
    return mask;
}

static void* work(void* argument) {
    const int i = (int)(intptr_t)argument;
    EXPECT(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &wanted[i], NULL, 8) == 0);
    set++;
    wait_for_go();
    EXPECT_EQUAL(mask_now(), wanted[i]);
    checked++;
    if (i != 0) return NULL;
    /* The only thread that lets a SIGUSR1 in; a SIGUSR2 waits until it is let in. */
    AWAIT(usr1s == 1);
    EXPECT_EQUAL(taken_by, gettid());
    EXPECT_EQUAL(mask_now(), wanted[i]);
    EXPECT(pthread_kill(pthread_self(), SIGUSR2) == 0);
    EXPECT_EQUAL(usr2s, 0);
    const uint64_t usr2 = BIT(SIGUSR2);
    EXPECT(syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &usr2, NULL, 8) == 0);
    EXPECT_EQUAL(usr2s, 1);
    return NULL;
}

static void setup(void) {
    EXPECT(signal(SIGUSR1, take) != SIG_ERR);
    EXPECT(signal(SIGUSR2, take) != SIG_ERR);
    for (int i = 0; i < WORKERS; i++) EXPECT(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
    AWAIT(set == WORKERS);
    EXPECT(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &wanted[WORKERS], NULL, 8) == 0);
}

static void check(void) {
    EXPECT_EQUAL(mask_now(), wanted[WORKERS]);
    AWAIT(checked == WORKERS);
    EXPECT(kill(getpid(), SIGUSR1) == 0);
    for (int i = 0; i < WORKERS; i++) AWAIT(pthread_tryjoin_np(threads[i], NULL) == 0);
    EXPECT_EQUAL(usr1s, 1);
    EXPECT_EQUAL(mask_now(), wanted[WORKERS]);
}
