// SPDX-License-Identifier: Apache-2.0
// carried: epoll whose entries' closed number is above every descriptor, and two of them under one number
#include "../conformance.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#define NUMBER 700
static int epoll, events[2];

static void setup(void) {
    epoll = epoll_create1(0);
    EXPECT(epoll >= 0);
    for (int i = 0; i < 2; i++) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = (uint64_t)i};
        events[i] = eventfd(0, 0);
        EXPECT(events[i] >= 0 && dup2(events[i], NUMBER) == NUMBER);
        EXPECT(epoll_ctl(epoll, EPOLL_CTL_ADD, NUMBER, &event) == 0);
    }
    EXPECT(close(NUMBER) == 0);
    EXPECT(eventfd_write(events[0], 1) == 0 && eventfd_write(events[1], 1) == 0);
    struct epoll_event seen[1];
    EXPECT_EQUAL(epoll_wait(epoll, seen, 1, 0), 1);
    EXPECT_EQUAL(seen[0].data.u64, 0);
}

static void check(void) {
    struct epoll_event seen[4];
    EXPECT_EQUAL(epoll_wait(epoll, seen, 4, 0), 1);
    EXPECT_EQUAL(seen[0].data.u64, 1);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 4, 0), 0);
    EXPECT(fcntl(NUMBER, F_GETFD) == -1 && errno == EBADF);
    EXPECT(eventfd_write(events[0], 1) == 0);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 4, 0), 1);
    EXPECT_EQUAL(seen[0].data.u64, 0);
}
