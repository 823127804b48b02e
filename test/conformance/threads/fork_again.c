// SPDX-License-Identifier: Apache-2.0
// carried: fork() and waitpid() after the fork, beside another thread
#include "../conformance.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

static pthread_t thread;
static atomic_int started, leave, prepared, in_kid, child_signals;
static int private_word = 5;
static char* heap;

static void note(int number) {
    (void)number;
    child_signals++;
}

static void before_fork(void) {
    prepared++;
}

static void after_fork(void) {
    in_kid++;
}

static void* stay(void* argument) {
    started = 1;
    while (!leave) sleep_ms(5);
    return argument;
}

static void setup(void) {
    EXPECT(signal(SIGCHLD, note) != SIG_ERR);
    EXPECT(pthread_atfork(before_fork, NULL, after_fork) == 0);
    EXPECT((heap = malloc(100000)) != NULL);
    memset(heap, 'h', 100000);
    EXPECT(pthread_create(&thread, NULL, stay, NULL) == 0);
    AWAIT(started);
}

/* What the kid found, as its exit code. */
static int look_around(pid_t parent) {
    if (getppid() != parent || getpid() == parent || gettid() != getpid()) return 1;
    if (private_word != 5 || heap[0] != 'h' || heap[99999] != 'h' || in_kid != 1 || prepared == 0) return 2;
    private_word = 6;
    memset(heap, 'k', 100000);
    return 42;
}

static void check(void) {
    int status;
    EXPECT(waitpid(-1, &status, WNOHANG) == -1 && errno == ECHILD);
    for (int round = 1; round <= 3; round++) {
        const pid_t parent = getpid(), kid = fork();
        EXPECT(kid >= 0);
        if (kid == 0) _exit(look_around(parent));
        AWAIT(waitpid(kid, &status, WNOHANG) == kid);
        EXPECT(WIFEXITED(status));
        EXPECT_EQUAL(WEXITSTATUS(status), 42);
        AWAIT(child_signals == round);
        EXPECT_EQUAL(prepared, round);
    }
    EXPECT_EQUAL(in_kid, 0);
    EXPECT_EQUAL(private_word, 5);
    for (int at = 0; at < 100000; at++) EXPECT_EQUAL(heap[at], 'h');
    const pid_t stopped = fork();
    EXPECT(stopped >= 0);
    if (stopped == 0) {
        for (;;) pause();
    }
    EXPECT(kill(stopped, SIGKILL) == 0);
    AWAIT(waitpid(stopped, &status, WNOHANG) == stopped);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    leave = 1;
    AWAIT(pthread_tryjoin_np(thread, NULL) == 0);
}
