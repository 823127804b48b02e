// SPDX-License-Identifier: Apache-2.0
// carried: epoll, level-triggered on a pipe with data, and its 64 bits of data
#include "../conformance.h"

#include <sys/epoll.h>

#define FULL_DATA 0xfedcba9876543210ULL
#define EMPTY_DATA 0x8000000000000001ULL

static int epoll, full[2], empty[2];

static void add(int fd, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data.u64 = data};
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

static void setup(void) {
    epoll = epoll_create1(EPOLL_CLOEXEC);
    EXPECT(epoll >= 0 && pipe(full) == 0 && pipe(empty) == 0);
    add(full[0], EPOLLIN | EPOLLRDHUP, FULL_DATA);
    add(empty[0], EPOLLIN, EMPTY_DATA);
    EXPECT_EQUAL(write(full[1], "data", 4), 4);
}

static void check(void) {
    struct epoll_event seen[4];
    for (int round = 0; round < 3; round++) {
        EXPECT_EQUAL(epoll_wait(epoll, seen, 4, 0), 1);
        EXPECT(seen[0].data.u64 == FULL_DATA);
        EXPECT_EQUAL(seen[0].events, EPOLLIN);
    }
    char bytes[8];
    EXPECT_EQUAL(read(full[0], bytes, sizeof bytes), 4);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 4, 0), 0);
    EXPECT_EQUAL(write(empty[1], "x", 1), 1);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 4, 5000), 1);
    EXPECT(seen[0].data.u64 == EMPTY_DATA);

    struct epoll_event event = {.events = EPOLLIN};
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_ADD, full[0], &event) == -1 && errno == EEXIST);
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_ADD, full[1], &event) == 0);
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_DEL, empty[0], NULL) == 0);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 4, 0), 0);
    // The peer's end hangs up the pipe that is still watched.
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_DEL, full[1], NULL) == 0 && close(full[1]) == 0);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 4, 5000), 1);
    EXPECT(seen[0].data.u64 == FULL_DATA && seen[0].events == EPOLLHUP);
    EXPECT_EQUAL(fcntl(epoll, F_GETFD), FD_CLOEXEC);
}
