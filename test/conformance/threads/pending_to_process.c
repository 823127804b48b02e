// SPDX-License-Identifier: Apache-2.0
// carried: pending signals of the process, with values, in order
#include "../conformance.h"

#include <pthread.h>
#include <stdatomic.h>

static pthread_t thread;
static sigset_t blocked;
static atomic_int started, taken;
static siginfo_t seen[16];
static volatile sig_atomic_t count;

static void note(int number, siginfo_t* info, void* context) {
    (void)number, (void)context;
    if (count < 16) seen[count++] = *info;
}

static bool is_pending(int number) {
    sigset_t pending;
    EXPECT(sigpending(&pending) == 0);
    return sigismember(&pending, number) == 1;
}

static void* work(void* argument) {
    started++;
    wait_for_go();
    sigset_t term;
    siginfo_t info;
    const struct timespec now = {0};
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    EXPECT(is_pending(SIGTERM) && is_pending(SIGUSR1) && is_pending(SIGRTMIN + 4));
    EXPECT_EQUAL(sigtimedwait(&term, &info, &now), SIGTERM);
    EXPECT_EQUAL(info.si_code, SI_USER);
    EXPECT_EQUAL(info.si_pid, getpid());
    EXPECT(sigtimedwait(&term, &info, &now) == -1 && errno == EAGAIN);
    taken = 1;
    return argument;
}

static void setup(void) {
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
    sigfillset(&action.sa_mask);
    sigemptyset(&blocked);
    const int numbers[] = {SIGTERM, SIGUSR1, SIGRTMIN + 1, SIGRTMIN + 4};
    for (int i = 0; i < 4; i++) {
        sigaddset(&blocked, numbers[i]);
        EXPECT(sigaction(numbers[i], &action, NULL) == 0);
    }
    EXPECT(pthread_sigmask(SIG_BLOCK, &blocked, NULL) == 0);
    EXPECT(pthread_create(&thread, NULL, work, NULL) == 0);
    AWAIT(started);
    for (int value = 10; value < 15; value++)
        EXPECT(sigqueue(getpid(), SIGRTMIN + 4, (union sigval){.sival_int = value}) == 0);
    EXPECT(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_ptr = &seen}) == 0);
    EXPECT(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 30}) == 0);
    EXPECT(kill(getpid(), SIGTERM) == 0);
}

static void check(void) {
    EXPECT_EQUAL(count, 0);
    AWAIT(taken);
    AWAIT(pthread_tryjoin_np(thread, NULL) == 0);
    EXPECT(!is_pending(SIGTERM) && is_pending(SIGUSR1));
    EXPECT(pthread_sigmask(SIG_UNBLOCK, &blocked, NULL) == 0);
    EXPECT_EQUAL(count, 7);
    EXPECT_EQUAL(seen[0].si_signo, SIGUSR1);
    EXPECT_EQUAL(seen[0].si_value.sival_int, 30);
    EXPECT_EQUAL(seen[1].si_signo, SIGRTMIN + 1);
    EXPECT(seen[1].si_value.sival_ptr == &seen);
    for (int i = 0; i < 7; i++) {
        EXPECT_EQUAL(seen[i].si_code, SI_QUEUE);
        EXPECT_EQUAL(seen[i].si_pid, getpid());
        EXPECT_EQUAL(seen[i].si_uid, getuid());
        if (i < 2) continue;
        EXPECT_EQUAL(seen[i].si_signo, SIGRTMIN + 4);
        EXPECT_EQUAL(seen[i].si_value.sival_int, 10 + i - 2);
    }
    EXPECT(sigqueue(getpid(), SIGRTMIN + 4, (union sigval){.sival_int = 15}) == 0);
    EXPECT_EQUAL(count, 8);
    EXPECT_EQUAL(seen[7].si_value.sival_int, 15);
}
