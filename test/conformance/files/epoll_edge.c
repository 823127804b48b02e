// SPDX-License-Identifier: Apache-2.0
// carried: epoll, edge-triggered, with an edge that was consumed and one that is pending
#include "../conformance.h"

#include <sys/epoll.h>

static int epoll, consumed[2], pending[2];

static void add(int fd, uint64_t data) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = data};
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

static void setup(void) {
    epoll = epoll_create1(0);
    EXPECT(epoll >= 0 && pipe2(consumed, O_NONBLOCK) == 0 && pipe2(pending, O_NONBLOCK) == 0);
    add(consumed[0], 11);
    add(pending[0], 22);
    EXPECT_EQUAL(write(consumed[1], "old", 3), 3);
    struct epoll_event seen[2];
    EXPECT_EQUAL(epoll_wait(epoll, seen, 2, 0), 1);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 2, 0), 0);
    EXPECT_EQUAL(write(pending[1], "new", 3), 3);
}

static void check(void) {
    struct epoll_event seen[2];
    EXPECT_EQUAL(epoll_wait(epoll, seen, 2, 0), 1);
    EXPECT_EQUAL(seen[0].data.u64, 22);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 2, 0), 0);
    // More data is a new edge, though nobody has read what was there.
    EXPECT_EQUAL(write(consumed[1], "er", 2), 2);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 2, 5000), 1);
    EXPECT_EQUAL(seen[0].data.u64, 11);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 2, 0), 0);
    char bytes[8] = {0};
    EXPECT_EQUAL(read(consumed[0], bytes, sizeof bytes), 5);
    EXPECT(strcmp(bytes, "older") == 0);
}
