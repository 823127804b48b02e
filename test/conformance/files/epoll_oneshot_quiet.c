// SPDX-License-Identifier: Apache-2.0
// carried: epoll with EPOLLONESHOT entries that are disarmed while their files are not ready
#include "../conformance.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

static int epoll, empty[2], full[2], timer;

static void fire_once(int fd, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events | EPOLLONESHOT, .data.u64 = data}, seen[2];
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 2, 5000), 1);
    EXPECT_EQUAL(seen[0].data.u64, data);
}

static void setup(void) {
    static char page[4096];
    epoll = epoll_create1(0);
    EXPECT(epoll >= 0 && pipe(empty) == 0 && pipe2(full, O_NONBLOCK) == 0);
    EXPECT_EQUAL(write(empty[1], "x", 1), 1);
    fire_once(empty[0], EPOLLIN, 1);
    EXPECT_EQUAL(read(empty[0], page, 1), 1);
    fire_once(full[1], EPOLLOUT, 2);
    while (write(full[1], page, sizeof page) > 0) continue;
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    const struct itimerspec soon = {.it_value = {0, 1}}, later = {.it_value = {900, 0}};
    EXPECT(timer >= 0 && timerfd_settime(timer, 0, &soon, NULL) == 0);
    fire_once(timer, EPOLLIN, 3);
    EXPECT(timerfd_settime(timer, 0, &later, NULL) == 0);
}

static void check(void) {
    struct epoll_event seen[4], event = {.events = EPOLLIN | EPOLLONESHOT, .data.u64 = 4};
    char byte;
    EXPECT_EQUAL(epoll_wait(epoll, seen, 4, 0), 0);
    struct itimerspec left;
    EXPECT(timerfd_gettime(timer, &left) == 0);
    EXPECT(left.it_value.tv_sec > 800 && left.it_value.tv_sec <= 900);
    uint64_t ticks;
    EXPECT(read(timer, &ticks, sizeof ticks) == -1 && errno == EAGAIN);
    EXPECT(write(full[1], "x", 1) == -1 && errno == EAGAIN);
    EXPECT_EQUAL(fcntl(full[1], F_GETPIPE_SZ), fcntl(empty[1], F_GETPIPE_SZ));
    // That the other end goes is told to an armed entry whether it asks or not, and to a disarmed one never.
    EXPECT(close(full[0]) == 0);
    EXPECT_EQUAL(write(empty[1], "y", 1), 1);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 4, 0), 0);
    EXPECT_EQUAL(read(empty[0], &byte, 1), 1);
    EXPECT_EQUAL(byte, 'y');
    EXPECT(close(empty[1]) == 0);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 4, 0), 0);
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_MOD, empty[0], &event) == 0);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 4, 5000), 1);
    EXPECT_EQUAL(seen[0].data.u64, 4);
}
