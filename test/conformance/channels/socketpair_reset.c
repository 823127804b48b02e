// SPDX-License-Identifier: Apache-2.0
// carried: stream socketpair whose other end was closed with bytes unread
#include "../conformance.h"

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
    expect_send(ends[0], "never read");
    EXPECT(close(ends[1]) == 0);
}

static void check(void) {
    char none;
    expect_receive(ends[0], "rest");
    EXPECT(recv(ends[0], &none, 1, MSG_DONTWAIT) == -1 && errno == ECONNRESET);
    expect_receive(ends[0], "");  // the error is told once
    EXPECT(send(ends[0], "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == -1 && errno == EPIPE);
}
