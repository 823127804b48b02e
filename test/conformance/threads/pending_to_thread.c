// SPDX-License-Identifier: Apache-2.0
// carried: pending signals of one thread, standard and queued
#include "../conformance.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

static pthread_t thread;
static sigset_t blocked;
static atomic_int started;

static void expect_pending(int usr1, int usr2, int queued) {
    sigset_t pending;
    EXPECT(sigpending(&pending) == 0);
    EXPECT_EQUAL(sigismember(&pending, SIGUSR1), usr1);
    EXPECT_EQUAL(sigismember(&pending, SIGUSR2), usr2);
    EXPECT_EQUAL(sigismember(&pending, SIGRTMIN + 2), queued);
}

/* The next signal, with all that it says of itself. */
static void expect_next(int number, int code, int value) {
    const struct timespec now = {0};
    siginfo_t info;
    /* The C library's would say SI_USER in place of SI_TKILL. */
    EXPECT_EQUAL(syscall(SYS_rt_sigtimedwait, &blocked, &info, &now, 8), number);
    EXPECT_EQUAL(info.si_signo, number);
    EXPECT_EQUAL(info.si_code, code);
    EXPECT_EQUAL(info.si_pid, getpid());
    EXPECT_EQUAL(info.si_uid, getuid());
    if (code == SI_QUEUE) EXPECT_EQUAL(info.si_value.sival_int, value);
}

static void expect_none(void) {
    const struct timespec now = {0};
    EXPECT(sigtimedwait(&blocked, NULL, &now) == -1 && errno == EAGAIN);
    expect_pending(0, 0, 0);
}

static void* work(void* argument) {
    started++;
    wait_for_go();
    expect_pending(1, 0, 1);
    expect_next(SIGUSR1, SI_TKILL, 0);
    for (int value = 41; value <= 44; value++) expect_next(SIGRTMIN + 2, SI_QUEUE, value);
    expect_none();
    EXPECT(pthread_kill(pthread_self(), SIGUSR1) == 0);
    expect_next(SIGUSR1, SI_TKILL, 0);
    return argument;
}

static void setup(void) {
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGUSR2);
    sigaddset(&blocked, SIGRTMIN + 2);
    EXPECT(pthread_sigmask(SIG_BLOCK, &blocked, NULL) == 0);
    EXPECT(pthread_create(&thread, NULL, work, NULL) == 0);
    AWAIT(started);
    for (int value = 41; value <= 44; value++)
        EXPECT(pthread_sigqueue(thread, SIGRTMIN + 2, (union sigval){.sival_int = value}) == 0);
    /* A standard signal does not queue: the second one is lost. */
    EXPECT(pthread_kill(thread, SIGUSR1) == 0);
    EXPECT(pthread_kill(thread, SIGUSR1) == 0);
    EXPECT(pthread_kill(pthread_self(), SIGUSR2) == 0);
}

static void check(void) {
    expect_pending(0, 1, 0);
    expect_next(SIGUSR2, SI_TKILL, 0);
    expect_none();
    AWAIT(pthread_tryjoin_np(thread, NULL) == 0);
}
