// SPDX-License-Identifier: Apache-2.0
// carried: sigsuspend, pause and ppoll with a mask in progress
#include "../conformance.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

enum { SUSPEND, PAUSE, PPOLL, THREADS };
static const int numbers[THREADS] = {SYS_rt_sigsuspend, SYS_pause, SYS_ppoll};
static pthread_t threads[THREADS];
static atomic_int tids[THREADS], returned[THREADS], handled;
static _Thread_local volatile int own_handled;

static bool is_in(pid_t tid, long number) {
    char path[64], text[32] = "running";
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
    const int file = open(path, O_RDONLY);
    if (file < 0 || read(file, text, sizeof text - 1) <= 0) FAIL("%s cannot be read", path);
    close(file);
    return text[0] != 'r' && atol(text) == number;
}

static bool blocks(int number) {
    sigset_t mask;
    EXPECT(pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0);
    return sigismember(&mask, number) == 1;
}

static void note(int number) {
    handled++;
    own_handled = number;
}

/* SIGUSR1 is let in during the wait only, SIGUSR2 after it only. */
static void* work(void* argument) {
    const int i = (int)(intptr_t)argument;
    sigset_t outside, during;
    sigemptyset(&outside);
    if (i != PAUSE) sigaddset(&outside, SIGUSR1);
    sigemptyset(&during);
    sigaddset(&during, SIGUSR2);
    EXPECT(pthread_sigmask(SIG_SETMASK, &outside, NULL) == 0);
    tids[i] = gettid();
    const int result = i == SUSPEND ? sigsuspend(&during) : i == PAUSE ? pause() : ppoll(NULL, 0, NULL, &during);
    const int error = errno;
    EXPECT_EQUAL(result, -1);
    EXPECT_EQUAL(error, EINTR);
    EXPECT(own_handled != 0);
    EXPECT_EQUAL(blocks(SIGUSR1), i != PAUSE);
    EXPECT(!blocks(SIGUSR2));
    returned[i] = 1;
    return NULL;
}

static void setup(void) {
    const struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    EXPECT(sigaction(SIGUSR1, &action, NULL) == 0);
    EXPECT(sigaction(SIGUSR2, &action, NULL) == 0);
    for (int i = 0; i < THREADS; i++) {
        EXPECT(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
        AWAIT(tids[i] != 0 && is_in(tids[i], numbers[i]));
    }
}

static void check(void) {
    for (int i = 0; i < THREADS; i++) {
        AWAIT(returned[i] || is_in(tids[i], numbers[i]));
        EXPECT(!returned[i]);
    }
    EXPECT_EQUAL(handled, 0);
    for (int i = 0; i < THREADS; i++) {
        if (i != PAUSE) EXPECT(pthread_kill(threads[i], SIGUSR2) == 0);
        EXPECT_EQUAL(handled, i == SUSPEND ? 0 : i == PAUSE ? 2 : 3);
        EXPECT(pthread_kill(threads[i], SIGUSR1) == 0);
        AWAIT(pthread_tryjoin_np(threads[i], NULL) == 0);
    }
    EXPECT_EQUAL(handled, 5);
}
