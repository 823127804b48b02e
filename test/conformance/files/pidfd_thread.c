// SPDX-License-Identifier: Apache-2.0
// carried: pidfd of a thread, with a duplicate
#include "../conformance.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

static pthread_t thread;
static volatile pid_t tid;
static volatile int end, signalled;
static int pidfd, duplicate, epoll;

static void note(int number) {
    (void)number;
    signalled = gettid();
}

static void* run(void* unused) {
    (void)unused;
    tid = gettid();
    while (!end) sleep_ms(1);
    return NULL;
}

static void setup(void) {
    signal(SIGUSR1, note);
    EXPECT(pthread_create(&thread, NULL, run, NULL) == 0);
    AWAIT(tid != 0);
    pidfd = (int)syscall(SYS_pidfd_open, tid, PIDFD_THREAD | O_NONBLOCK);
    if (pidfd < 0) LACKS("PIDFD_THREAD");
    duplicate = dup(pidfd);
    epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 9};
    EXPECT(duplicate >= 0 && epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, duplicate, &event) == 0);
}

static void check(void) {
    struct epoll_event seen;
    EXPECT_EQUAL(fcntl(pidfd, F_GETFD), FD_CLOEXEC);
    EXPECT_EQUAL(fcntl(duplicate, F_GETFD), 0);
    EXPECT(fcntl(pidfd, F_GETFL) & O_NONBLOCK);
    EXPECT(syscall(SYS_pidfd_send_signal, duplicate, SIGUSR1, NULL, 0) == 0);
    AWAIT(signalled == tid);
    EXPECT_EQUAL(epoll_wait(epoll, &seen, 1, 0), 0);
    end = 1;
    EXPECT(pthread_join(thread, NULL) == 0);
    struct pollfd ended = {pidfd, POLLIN, 0};
    EXPECT_EQUAL(poll(&ended, 1, 5000), 1);
    EXPECT_EQUAL(epoll_wait(epoll, &seen, 1, 5000), 1);
    EXPECT_EQUAL(seen.data.u64, 9);
}
