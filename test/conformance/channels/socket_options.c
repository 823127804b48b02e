// SPDX-License-Identifier: Apache-2.0
// carried: options of a socketpair: buffer sizes, timeouts, linger
#include "../conformance.h"

#include <sys/socket.h>

static int ends[2];

static int value_of(int name) {
    int value = -1;
    socklen_t size = sizeof value;
    EXPECT(getsockopt(ends[0], SOL_SOCKET, name, &value, &size) == 0);
    return value;
}

static void setup(void) {
    const int send_size = 20000, receive_size = 30000;
    const struct timeval receive_time = {0, 250000}, send_time = {7, 500000};
    const struct linger linger = {1, 9};
    EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    EXPECT(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &send_size, sizeof send_size) == 0);
    EXPECT(setsockopt(ends[0], SOL_SOCKET, SO_RCVBUF, &receive_size, sizeof receive_size) == 0);
    EXPECT(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &receive_time, sizeof receive_time) == 0);
    EXPECT(setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &send_time, sizeof send_time) == 0);
    EXPECT(setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0);
}

static void check(void) {
    struct timeval time = {0};
    struct linger linger = {0};
    struct timespec before, after;
    socklen_t size = sizeof time, linger_size = sizeof linger;
    EXPECT_EQUAL(value_of(SO_SNDBUF), 40000);
    EXPECT_EQUAL(value_of(SO_RCVBUF), 60000);
    EXPECT(getsockopt(ends[0], SOL_SOCKET, SO_LINGER, &linger, &linger_size) == 0);
    EXPECT(linger.l_onoff == 1 && linger.l_linger == 9);
    EXPECT(getsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &time, &size) == 0);
    EXPECT(time.tv_sec == 7 && time.tv_usec == 500000);
    EXPECT(getsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &time, &size) == 0);
    EXPECT(time.tv_sec == 0 && time.tv_usec == 0);  // the other end has none
    EXPECT(getsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &time, &size) == 0);
    EXPECT(time.tv_sec == 0 && time.tv_usec >= 250000 && time.tv_usec < 300000);
    char none;
    EXPECT(clock_gettime(CLOCK_MONOTONIC, &before) == 0);
    EXPECT(recv(ends[0], &none, 1, 0) == -1 && errno == EAGAIN);
    EXPECT(clock_gettime(CLOCK_MONOTONIC, &after) == 0);
    EXPECT((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 >= 240);
}
