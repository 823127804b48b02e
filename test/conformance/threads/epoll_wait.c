// SPDX-License-Identifier: Apache-2.0
// carried: epoll_wait in progress
#include "../conformance.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>

enum { TIMED, FED, THREADS, SECONDS = 3 };
static int ends[THREADS][2], polls[THREADS];
static pthread_t threads[THREADS];
static atomic_int started, returned[THREADS];

static int64_t now(void) {
    struct timespec time;
    EXPECT(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static void* work(void* argument) {
    const int i = (int)(intptr_t)argument;
    struct epoll_event seen[2] = {0};
    const int64_t limit = now() + SECONDS * 1000000000ll;
    started++;
    const int result = epoll_wait(polls[i], seen, 2, i == TIMED ? SECONDS * 1000 : -1);
    if (result < 0) FAIL("wait %d ended with %s", i, strerror(errno));
    EXPECT_EQUAL(result, i == FED);
    if (i == TIMED && now() < limit) FAIL("the wait ended early");
    if (i == FED) EXPECT(seen[0].events == EPOLLIN && seen[0].data.u64 == 0x123456789abcdefull);
    returned[i] = 1;
    return NULL;
}

static void setup(void) {
    for (int i = 0; i < THREADS; i++) {
        struct epoll_event wanted = {.events = EPOLLIN, .data.u64 = 0x123456789abcdefull};
        EXPECT(pipe(ends[i]) == 0);
        EXPECT((polls[i] = epoll_create1(EPOLL_CLOEXEC)) >= 0);
        EXPECT(epoll_ctl(polls[i], EPOLL_CTL_ADD, ends[i][0], &wanted) == 0);
        EXPECT(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
    }
    AWAIT(started == THREADS);
}

static void check(void) {
    AWAIT(returned[TIMED]);
    EXPECT(!returned[FED]);
    EXPECT_EQUAL(write(ends[FED][1], "x", 1), 1);
    for (int i = 0; i < THREADS; i++) AWAIT(pthread_tryjoin_np(threads[i], NULL) == 0);
}
