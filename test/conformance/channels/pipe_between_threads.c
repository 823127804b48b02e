// SPDX-License-Identifier: Apache-2.0
// carried: two threads that talk through pipes all the time
#define CONFORMANCE_OWN_WAIT
#include "../conformance.h"

#include <poll.h>
#include <pthread.h>

static int there[2], back[2];
static uint64_t asked;
static pthread_t thread;

static void* answer(void* unused) {
    uint64_t number;
    while (read(there[0], &number, sizeof number) == sizeof number) {
        number = ~number;
        EXPECT_EQUAL(write(back[1], &number, sizeof number), (ssize_t)sizeof number);
    }
    EXPECT(close(back[1]) == 0);
    return unused;
}

/* Every number comes back once and in order, or the pipes lost, doubled or shared something. */
static void ask(void) {
    const uint64_t number = asked++;
    uint64_t seen = 0;
    EXPECT_EQUAL(write(there[1], &number, sizeof number), (ssize_t)sizeof number);
    struct pollfd event = {back[0], POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    EXPECT_EQUAL(read(back[0], &seen, sizeof seen), (ssize_t)sizeof seen);
    EXPECT(seen == ~number);
}

static void setup(void) {
    signal(SIGPIPE, SIG_IGN);  // a lost end is to be said, not to end us
    EXPECT(pipe(there) == 0 && pipe(back) == 0);
    EXPECT_EQUAL(pthread_create(&thread, NULL, answer, NULL), 0);
}

static void wait_for_go(void) {
    while (!go_seen()) ask();
}

static void check(void) {
    for (int i = 0; i < 1000; i++) ask();
    EXPECT(close(there[1]) == 0);
    char end;
    struct pollfd event = {back[0], POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    EXPECT_EQUAL(read(back[0], &end, 1), 0);
    EXPECT_EQUAL(pthread_join(thread, NULL), 0);
}
