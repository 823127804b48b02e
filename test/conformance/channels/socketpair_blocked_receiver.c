// SPDX-License-Identifier: Apache-2.0
// carried: thread that waits in recv() on a socketpair
#include "../conformance.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

static int ends[2];
static pthread_t thread;

/* No error and no EOF may come out of the wait, only what check() sends. */
static void* receive(void* unused) {
    char seen[16] = {0};
    EXPECT_EQUAL(recv(ends[1], seen, 5, MSG_WAITALL), 5);
    EXPECT(strcmp(seen, in_child() ? "child" : "other") == 0);
    EXPECT_EQUAL(send(ends[1], "heard", 5, 0), 5);
    return unused;
}

static void setup(void) {
    EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    EXPECT_EQUAL(pthread_create(&thread, NULL, receive, NULL), 0);
}

static void check(void) {
    char seen[16] = {0};
    EXPECT_EQUAL(send(ends[0], in_child() ? "child" : "other", 5, MSG_DONTWAIT), 5);
    struct pollfd event = {ends[0], POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    EXPECT_EQUAL(recv(ends[0], seen, sizeof seen, MSG_DONTWAIT), 5);
    EXPECT(strcmp(seen, "heard") == 0);
    EXPECT_EQUAL(pthread_join(thread, NULL), 0);
}
