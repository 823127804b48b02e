// SPDX-License-Identifier: Apache-2.0
// carried: epoll that watches an eventfd, a timerfd, a signalfd and a pipe
#include "../conformance.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

enum { EVENT, TIMER, SIGNAL, PIPE };

static int epoll, fds[4], pipe_writer;

static int fired(int timeout_ms) {
    struct epoll_event seen[8];
    const int count = epoll_wait(epoll, seen, 8, timeout_ms);
    EXPECT(count >= 0 && count <= 1);
    return count == 0 ? -1 : (int)seen[0].data.u32;
}

static void setup(void) {
    int ends[2];
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    EXPECT(sigprocmask(SIG_BLOCK, &usr1, NULL) == 0 && pipe(ends) == 0);
    epoll = epoll_create1(0);
    pipe_writer = ends[1];
    fds[EVENT] = eventfd(0, 0);
    fds[TIMER] = timerfd_create(CLOCK_MONOTONIC, 0);
    fds[SIGNAL] = signalfd(-1, &usr1, 0);
    fds[PIPE] = ends[0];
    for (int kind = EVENT; kind <= PIPE; kind++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)kind};
        EXPECT(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[kind], &event) == 0);
    }
    const struct itimerspec soon = {.it_value = {0, 300000000}};
    EXPECT(timerfd_settime(fds[TIMER], 0, &soon, NULL) == 0);
}

static void check(void) {
    uint64_t count = 0;
    EXPECT_EQUAL(fired(10000), TIMER);
    EXPECT_EQUAL(read(fds[TIMER], &count, sizeof count), sizeof count);
    EXPECT_EQUAL(count, 1);
    EXPECT_EQUAL(fired(0), -1);

    EXPECT(eventfd_write(fds[EVENT], 6) == 0);
    EXPECT_EQUAL(fired(5000), EVENT);
    EXPECT_EQUAL(read(fds[EVENT], &count, sizeof count), sizeof count);
    EXPECT_EQUAL(count, 6);

    EXPECT(raise(SIGUSR1) == 0);
    EXPECT_EQUAL(fired(5000), SIGNAL);
    struct signalfd_siginfo info;
    EXPECT_EQUAL(read(fds[SIGNAL], &info, sizeof info), sizeof info);
    EXPECT_EQUAL(info.ssi_signo, SIGUSR1);

    EXPECT_EQUAL(write(pipe_writer, "x", 1), 1);
    EXPECT_EQUAL(fired(5000), PIPE);
    char byte;
    EXPECT_EQUAL(read(fds[PIPE], &byte, 1), 1);
    EXPECT_EQUAL(fired(0), -1);
}
