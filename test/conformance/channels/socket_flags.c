// SPDX-License-Identifier: Apache-2.0
// carried: close-on-exec and O_NONBLOCK of sockets
#include "../conformance.h"

#include <sys/socket.h>

static int ends[2], internet, copy;

static void setup(void) {
    EXPECT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    EXPECT(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    internet = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    copy = dup(internet);
    EXPECT(internet >= 0 && copy >= 0);
}

static void check(void) {
    EXPECT_EQUAL(fcntl(ends[0], F_GETFL), O_RDWR | O_NONBLOCK);
    EXPECT_EQUAL(fcntl(ends[1], F_GETFL), O_RDWR);
    EXPECT_EQUAL(fcntl(internet, F_GETFL), O_RDWR | O_NONBLOCK);
    EXPECT_EQUAL(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
    EXPECT_EQUAL(fcntl(ends[1], F_GETFD), FD_CLOEXEC);
    EXPECT_EQUAL(fcntl(internet, F_GETFD), FD_CLOEXEC);
    EXPECT_EQUAL(fcntl(copy, F_GETFD), 0);
    char none;
    EXPECT(read(ends[0], &none, 1) == -1 && errno == EAGAIN);
    EXPECT(read(copy, &none, 1) == -1 && errno == EAGAIN);
    EXPECT(fcntl(copy, F_SETFL, 0) == 0);
    EXPECT_EQUAL(fcntl(internet, F_GETFL), O_RDWR);  // duplicates are one description
    EXPECT_EQUAL(write(ends[1], "x", 1), 1);
    EXPECT_EQUAL(read(ends[0], &none, 1), 1);
}
