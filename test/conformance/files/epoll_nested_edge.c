// SPDX-License-Identifier: Apache-2.0
// carried: epoll that watches others edge-triggered, one edge consumed and one pending
#include "../conformance.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

static int outer, inner[2], events[2];

static void setup(void) {
    struct epoll_event seen[2];
    outer = epoll_create1(0);
    EXPECT(outer >= 0);
    for (int i = 0; i < 2; i++) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = (uint64_t)i};
        inner[i] = epoll_create1(0);
        events[i] = eventfd(0, 0);
        EXPECT(inner[i] >= 0 && events[i] >= 0);
        EXPECT(epoll_ctl(outer, EPOLL_CTL_ADD, inner[i], &event) == 0);
        event.events = EPOLLIN;
        EXPECT(epoll_ctl(inner[i], EPOLL_CTL_ADD, events[i], &event) == 0);
    }
    EXPECT(eventfd_write(events[0], 1) == 0);
    EXPECT_EQUAL(epoll_wait(outer, seen, 2, 0), 1);
    EXPECT_EQUAL(epoll_wait(outer, seen, 2, 0), 0);
    EXPECT(eventfd_write(events[1], 1) == 0);
}

static void check(void) {
    struct epoll_event seen[2];
    EXPECT_EQUAL(epoll_wait(outer, seen, 2, 0), 1);
    EXPECT_EQUAL(seen[0].data.u64, 1);
    EXPECT_EQUAL(epoll_wait(outer, seen, 2, 0), 0);
    EXPECT(eventfd_write(events[0], 1) == 0);
    EXPECT_EQUAL(epoll_wait(outer, seen, 2, 0), 1);
    EXPECT_EQUAL(seen[0].data.u64, 0);
    for (int i = 0; i < 2; i++) EXPECT_EQUAL(epoll_wait(inner[i], seen, 2, 0), 1);
}
