// SPDX-License-Identifier: Apache-2.0
// carried: sigwaitinfo and sigtimedwait in progress
#include "../conformance.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

enum { ENDLESS, QUEUED, TIMED, THREADS, SECONDS = 3 };
static int numbers[THREADS];
static pthread_t threads[THREADS];
static atomic_int tids[THREADS], returned[THREADS];

static bool is_in(pid_t tid, long number) {
    char path[64], text[32] = "running";
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
    const int file = open(path, O_RDONLY);
    if (file < 0 || read(file, text, sizeof text - 1) <= 0) FAIL("%s cannot be read", path);
    close(file);
    return text[0] != 'r' && atol(text) == number;
}

static int64_t now(void) {
    struct timespec time;
    EXPECT(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static void* work(void* argument) {
    const int i = (int)(intptr_t)argument;
    const struct timespec span = {.tv_sec = i == QUEUED ? 3600 : SECONDS};
    const int64_t limit = now() + SECONDS * 1000000000ll;
    sigset_t wanted;
    siginfo_t info = {0};
    sigemptyset(&wanted);
    sigaddset(&wanted, numbers[i]);
    tids[i] = gettid();
    const int result = i == ENDLESS ? sigwaitinfo(&wanted, &info) : sigtimedwait(&wanted, &info, &span);
    const int error = errno;
    if (result == -1 && error == EINTR) FAIL("wait %d was interrupted", i);
    EXPECT_EQUAL(result, i == TIMED ? -1 : numbers[i]);
    if (i == TIMED) EXPECT_EQUAL(error, EAGAIN);
    if (i == TIMED) EXPECT(now() >= limit);
    if (i == QUEUED) EXPECT(info.si_code == SI_QUEUE && info.si_value.sival_int == 12);
    returned[i] = 1;
    return NULL;
}

static void setup(void) {
    const int wanted[THREADS] = {SIGUSR1, SIGRTMIN + 5, SIGUSR2};
    sigset_t all;
    sigemptyset(&all);
    for (int i = 0; i < THREADS; i++) sigaddset(&all, numbers[i] = wanted[i]);
    EXPECT(pthread_sigmask(SIG_BLOCK, &all, NULL) == 0);
    for (int i = 0; i < THREADS; i++) {
        EXPECT(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
        AWAIT(tids[i] != 0 && is_in(tids[i], SYS_rt_sigtimedwait));
    }
}

static void check(void) {
    AWAIT(returned[TIMED]);
    EXPECT(!returned[ENDLESS] && !returned[QUEUED]);
    EXPECT(pthread_kill(threads[ENDLESS], numbers[ENDLESS]) == 0);
    EXPECT(sigqueue(getpid(), numbers[QUEUED], (union sigval){.sival_int = 12}) == 0);
    for (int i = 0; i < THREADS; i++) AWAIT(pthread_tryjoin_np(threads[i], NULL) == 0);
    sigset_t pending;
    EXPECT(sigpending(&pending) == 0);
    for (int i = 0; i < THREADS; i++) EXPECT_EQUAL(sigismember(&pending, numbers[i]), 0);
}
