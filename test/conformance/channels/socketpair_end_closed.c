// SPDX-License-Identifier: Apache-2.0
// carried: stream socketpair with one end closed, with a rest to read
#include "../conformance.h"

#include <poll.h>
#include <sys/socket.h>

static int ends[2];

static void expect_receive(int from, const char* text) {
    char seen[256] = {0};
    EXPECT_EQUAL(recv(from, seen, sizeof seen - 1, MSG_DONTWAIT), (ssize_t)strlen(text));
    EXPECT(strcmp(seen, text) == 0);
}

static void expect_send(int to, const char* text) {
    EXPECT_EQUAL(send(to, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void setup(void) {
    EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    expect_send(ends[1], "rest");
    EXPECT(close(ends[1]) == 0);
}

static void check(void) {
    struct pollfd event = {ends[0], POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 0), 1);
    EXPECT_EQUAL(event.revents, POLLIN | POLLHUP);
    EXPECT(send(ends[0], "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == -1 && errno == EPIPE);
    expect_receive(ends[0], "rest");
    expect_receive(ends[0], "");
    EXPECT(fcntl(ends[1], F_GETFD) == -1 && errno == EBADF);
}
