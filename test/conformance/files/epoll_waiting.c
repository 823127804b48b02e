// SPDX-License-Identifier: Apache-2.0
// carried: epoll that a thread waits on without a limit
#include "../conformance.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

static int epoll, event;
static atomic_int entered, returned, result, code;
static struct epoll_event seen;

static void* waiter(void* unused) {
    (void)unused;
    entered = 1;
    const int count = epoll_wait(epoll, &seen, 1, -1);
    code = errno;
    result = count;
    returned = 1;
    return NULL;
}

static void setup(void) {
    epoll = epoll_create1(0);
    event = eventfd(0, 0);
    struct epoll_event watched = {.events = EPOLLIN, .data.u64 = 77};
    EXPECT(epoll >= 0 && event >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, event, &watched) == 0);
    pthread_t thread;
    EXPECT(pthread_create(&thread, NULL, waiter, NULL) == 0);
    AWAIT(entered);
}

static void check(void) {
    // A wait that being prepared or resumed had ended would show as EINTR, which nobody's signal explains.
    if (returned) FAIL("epoll_wait returned %d early (errno %d)", result, code);
    EXPECT(eventfd_write(event, 1) == 0);
    AWAIT(returned);
    EXPECT_EQUAL(result, 1);
    EXPECT_EQUAL(seen.data.u64, 77);
}
