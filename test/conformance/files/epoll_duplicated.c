// SPDX-License-Identifier: Apache-2.0
// carried: epoll descriptor that was duplicated
#include "../conformance.h"

#include <sys/epoll.h>

static int epoll, duplicate, other, ends[2];

static void setup(void) {
    epoll = epoll_create1(EPOLL_CLOEXEC);
    other = epoll_create1(0);
    EXPECT(epoll >= 0 && other >= 0 && pipe(ends) == 0);
    duplicate = dup(epoll);
    EXPECT(duplicate >= 0);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 5};
    EXPECT(epoll_ctl(duplicate, EPOLL_CTL_ADD, ends[0], &event) == 0);
    EXPECT_EQUAL(write(ends[1], "x", 1), 1);
}

static void check(void) {
    struct epoll_event seen[2], event = {.events = EPOLLIN, .data.u64 = 6};
    EXPECT_EQUAL(epoll_wait(epoll, seen, 2, 0), 1);
    EXPECT_EQUAL(seen[0].data.u64, 5);
    EXPECT_EQUAL(epoll_wait(duplicate, seen, 2, 0), 1);
    EXPECT_EQUAL(epoll_wait(other, seen, 2, 0), 0);
    // What is changed through one is seen through the other.
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event) == 0);
    EXPECT_EQUAL(epoll_wait(duplicate, seen, 2, 0), 1);
    EXPECT_EQUAL(seen[0].data.u64, 6);
    EXPECT(epoll_ctl(duplicate, EPOLL_CTL_DEL, ends[0], NULL) == 0);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 2, 0), 0);
    EXPECT_EQUAL(fcntl(epoll, F_GETFD), FD_CLOEXEC);
    EXPECT_EQUAL(fcntl(duplicate, F_GETFD), 0);
}
