// SPDX-License-Identifier: Apache-2.0
// carried: epoll with entries for a descriptor and for its duplicate
#include "../conformance.h"

#include <sys/epoll.h>

static int epoll, ends[2], duplicate;

static void setup(void) {
    epoll = epoll_create1(0);
    EXPECT(epoll >= 0 && pipe(ends) == 0);
    duplicate = dup(ends[0]);
    EXPECT(duplicate >= 0);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 1};
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0);
    event.data.u64 = 2;
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_ADD, duplicate, &event) == 0);
    EXPECT_EQUAL(write(ends[1], "x", 1), 1);
}

static void check(void) {
    struct epoll_event seen[4];
    EXPECT_EQUAL(epoll_wait(epoll, seen, 4, 0), 2);
    EXPECT_EQUAL(seen[0].data.u64 + seen[1].data.u64, 3);
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_DEL, ends[0], NULL) == 0);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 4, 0), 1);
    EXPECT_EQUAL(seen[0].data.u64, 2);
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_DEL, duplicate, NULL) == 0);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 4, 0), 0);
}
