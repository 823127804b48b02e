// SPDX-License-Identifier: Apache-2.0
// carried: O_ASYNC that tells one thread, and one that tells the process's group
#include "../conformance.h"

#include <pthread.h>

static int of_thread[2], of_group[2];
static pid_t thread_id;
static volatile pid_t told;
static volatile sig_atomic_t group_signals;

static void note(int number) {
    if (number == SIGUSR1) told = gettid();
    if (number == SIGUSR2) group_signals++;
}

static void* wait_there(void* unused) {
    __atomic_store_n(&thread_id, gettid(), __ATOMIC_RELEASE);
    for (;;) pause();
    return unused;
}

static void setup(void) {
    signal(SIGUSR1, note);
    signal(SIGUSR2, note);
    EXPECT(setpgid(0, 0) == 0 || getpgrp() == getpid());
    pthread_t thread;
    EXPECT_EQUAL(pthread_create(&thread, NULL, wait_there, NULL), 0);
    AWAIT(__atomic_load_n(&thread_id, __ATOMIC_ACQUIRE) != 0);
    const struct f_owner_ex owner = {F_OWNER_TID, thread_id};
    EXPECT(pipe(of_thread) == 0 && fcntl(of_thread[0], F_SETOWN_EX, &owner) == 0);
    EXPECT(fcntl(of_thread[0], F_SETSIG, SIGUSR1) == 0 && fcntl(of_thread[0], F_SETFL, O_ASYNC) == 0);
    EXPECT(pipe(of_group) == 0 && fcntl(of_group[0], F_SETOWN, -getpgrp()) == 0);
    EXPECT(fcntl(of_group[0], F_SETSIG, SIGUSR2) == 0 && fcntl(of_group[0], F_SETFL, O_ASYNC) == 0);
}

static void check(void) {
    struct f_owner_ex owner = {0};
    EXPECT(fcntl(of_thread[0], F_GETOWN_EX, &owner) == 0);
    EXPECT(owner.type == F_OWNER_TID && owner.pid == thread_id);
    EXPECT(fcntl(of_group[0], F_GETOWN_EX, &owner) == 0);
    EXPECT(owner.type == F_OWNER_PGRP && owner.pid == getpgrp());
    EXPECT(told == 0 && group_signals == 0);
    EXPECT_EQUAL(write(of_thread[1], "x", 1), 1);
    AWAIT(told != 0);
    EXPECT_EQUAL(told, thread_id);
    EXPECT_EQUAL(write(of_group[1], "x", 1), 1);
    AWAIT(group_signals == 1);
}
