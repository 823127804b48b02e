// SPDX-License-Identifier: Apache-2.0
// carried: epoll that watches another epoll
#include "../conformance.h"

#include <sys/epoll.h>

static int outer, inner, ends[2];

static void setup(void) {
    // The outer one has the lower number: it is met before what it watches.
    outer = epoll_create1(0);
    inner = epoll_create1(0);
    EXPECT(outer >= 0 && inner > outer && pipe(ends) == 0);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 100};
    EXPECT(epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event) == 0);
    event.data.u64 = 200;
    EXPECT(epoll_ctl(inner, EPOLL_CTL_ADD, ends[0], &event) == 0);
    EXPECT_EQUAL(write(ends[1], "x", 1), 1);
}

static void check(void) {
    struct epoll_event seen[2];
    char byte;
    for (int round = 0; round < 2; round++) {
        EXPECT_EQUAL(epoll_wait(outer, seen, 2, 5000), 1);
        EXPECT_EQUAL(seen[0].data.u64, 100);
        EXPECT_EQUAL(epoll_wait(inner, seen, 2, 0), 1);
        EXPECT_EQUAL(seen[0].data.u64, 200);
        EXPECT_EQUAL(read(ends[0], &byte, 1), 1);
        EXPECT_EQUAL(epoll_wait(outer, seen, 2, 0), 0);
        EXPECT_EQUAL(write(ends[1], "y", 1), 1);
    }
    struct epoll_event event = {.events = EPOLLIN};
    EXPECT(epoll_ctl(inner, EPOLL_CTL_ADD, outer, &event) == -1 && errno == ELOOP);
}
