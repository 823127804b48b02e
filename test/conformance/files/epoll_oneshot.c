// SPDX-License-Identifier: Apache-2.0
// carried: epoll with EPOLLONESHOT, disarmed and armed
#include "../conformance.h"

#include <sys/epoll.h>

static int epoll, disarmed[2], armed[2];

static void setup(void) {
    epoll = epoll_create1(0);
    EXPECT(epoll >= 0 && pipe(disarmed) == 0 && pipe(armed) == 0);
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.u64 = 1}, seen[2];
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_ADD, disarmed[0], &event) == 0);
    EXPECT_EQUAL(write(disarmed[1], "x", 1), 1);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 2, 0), 1);
    event.data.u64 = 2;
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_ADD, armed[0], &event) == 0);
}

static void check(void) {
    struct epoll_event seen[2];
    // Disarmed, whatever comes; the armed one has nothing yet.
    EXPECT_EQUAL(write(disarmed[1], "y", 1), 1);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 2, 0), 0);
    EXPECT_EQUAL(write(armed[1], "x", 1), 1);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 2, 5000), 1);
    EXPECT_EQUAL(seen[0].data.u64, 2);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 2, 0), 0);
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.u64 = 3};
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_MOD, disarmed[0], &event) == 0);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 2, 5000), 1);
    EXPECT_EQUAL(seen[0].data.u64, 3);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 2, 0), 0);
}
