// SPDX-License-Identifier: Apache-2.0
// carried: epoll, edge-triggered: consumed and pending edges told apart beside level-triggered and one-shot entries
#include "../conformance.h"

#include <sys/epoll.h>

enum { CONSUMED, PENDING, CONSUMED_WRITER, LEVEL, ONCE, QUIET, ENTRIES };
static int epoll, ends[ENTRIES][2];

static void add(int entry, int fd, uint32_t events) {
    struct epoll_event event = {.events = events, .data.u64 = (uint64_t)entry};
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

static unsigned fired(void) {
    struct epoll_event seen[8];
    const int count = epoll_wait(epoll, seen, 8, 0);
    EXPECT(count >= 0);
    unsigned result = 0;
    for (int i = 0; i < count; i++) result |= 1u << seen[i].data.u64;
    return result;
}

static void setup(void) {
    epoll = epoll_create1(0);
    EXPECT(epoll >= 0);
    for (int i = 0; i < ENTRIES; i++) EXPECT(pipe2(ends[i], O_NONBLOCK) == 0);
    add(CONSUMED, ends[CONSUMED][0], EPOLLIN | EPOLLET);
    add(CONSUMED_WRITER, ends[CONSUMED_WRITER][1], EPOLLOUT | EPOLLET);
    add(QUIET, ends[QUIET][0], EPOLLIN | EPOLLET);
    EXPECT_EQUAL(write(ends[CONSUMED][1], "x", 1), 1);
    EXPECT_EQUAL(fired(), 1u << CONSUMED | 1u << CONSUMED_WRITER);
    add(PENDING, ends[PENDING][0], EPOLLIN | EPOLLET);
    add(LEVEL, ends[LEVEL][1], EPOLLOUT);
    add(ONCE, ends[ONCE][1], EPOLLOUT | EPOLLONESHOT);
    EXPECT_EQUAL(write(ends[PENDING][1], "x", 1), 1);
}

static void check(void) {
    EXPECT_EQUAL(fired(), 1u << PENDING | 1u << LEVEL | 1u << ONCE);
    EXPECT_EQUAL(fired(), 1u << LEVEL);
    EXPECT_EQUAL(write(ends[QUIET][1], "x", 1), 1);
    EXPECT_EQUAL(write(ends[CONSUMED][1], "y", 1), 1);
    EXPECT_EQUAL(fired(), 1u << LEVEL | 1u << QUIET | 1u << CONSUMED);
    EXPECT_EQUAL(fired(), 1u << LEVEL);
}
