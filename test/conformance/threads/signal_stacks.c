// SPDX-License-Identifier: Apache-2.0
// carried: alternate signal stack of each thread, while a handler runs on one
#include "../conformance.h"

#include <pthread.h>
#include <stdatomic.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif

enum { SIZE = 65536 };
static char stacks[4][SIZE];
static pthread_t threads[3];
static atomic_int started;
static _Thread_local char* ran_at;

static bool is_on(const char* at, int stack) {
    return at >= stacks[stack] && at < stacks[stack] + SIZE;
}

static void expect_stack(int stack, int flags) {
    stack_t seen;
    EXPECT(sigaltstack(NULL, &seen) == 0);
    EXPECT(seen.ss_sp == stacks[stack]);
    EXPECT_EQUAL(seen.ss_size, SIZE);
    EXPECT_EQUAL(seen.ss_flags, flags);
}

static void set_stack(int stack, int flags) {
    const stack_t wanted = {.ss_sp = stacks[stack], .ss_size = SIZE, .ss_flags = flags};
    EXPECT(sigaltstack(&wanted, NULL) == 0);
}

static void note(int number) {
    (void)number;
    ran_at = __builtin_frame_address(0);
}

/* Waits on the alternate stack, so that the thread is captured there. */
static void stay(int number) {
    const stack_t other = {.ss_sp = stacks[3], .ss_size = SIZE};
    (void)number;
    started++;
    wait_for_go();
    EXPECT(is_on(__builtin_frame_address(0), 2));
    expect_stack(2, SS_ONSTACK);
    EXPECT(sigaltstack(&other, NULL) == -1 && errno == EPERM);
    EXPECT(raise(SIGUSR1) == 0);
    EXPECT(is_on(ran_at, 2) && ran_at < (char*)__builtin_frame_address(0));
}

static void* work(void* argument) {
    const int i = (int)(intptr_t)argument;
    const int flags = i == 1 ? (int)SS_AUTODISARM : 0;
    volatile int local = 1234 + i;
    set_stack(i, flags);
    if (i == 2) {
        EXPECT(raise(SIGUSR2) == 0);
    } else {
        started++;
        wait_for_go();
    }
    EXPECT_EQUAL(local, 1234 + i);
    expect_stack(i, flags);
    EXPECT(raise(SIGUSR1) == 0);
    EXPECT(is_on(ran_at, i));
    expect_stack(i, flags);
    if (i == 2) set_stack(3, 0);
    return NULL;
}

static void setup(void) {
    const struct sigaction quick = {.sa_handler = note, .sa_flags = SA_ONSTACK};
    const struct sigaction slow = {.sa_handler = stay, .sa_flags = SA_ONSTACK};
    EXPECT(sigaction(SIGUSR1, &quick, NULL) == 0);
    EXPECT(sigaction(SIGUSR2, &slow, NULL) == 0);
    for (int i = 0; i < 3; i++) EXPECT(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
    AWAIT(started == 3);
}

static void check(void) {
    stack_t seen;
    EXPECT(sigaltstack(NULL, &seen) == 0);
    EXPECT_EQUAL(seen.ss_flags, SS_DISABLE);
    EXPECT(raise(SIGUSR1) == 0);
    for (int i = 0; i < 4; i++) EXPECT(!is_on(ran_at, i));
    for (int i = 0; i < 3; i++) AWAIT(pthread_tryjoin_np(threads[i], NULL) == 0);
}
