// SPDX-License-Identifier: Apache-2.0
// carried: datagram socketpair with messages queued
#include "../conformance.h"

#include <sys/ioctl.h>
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
    EXPECT(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
    expect_send(ends[0], "first");
    expect_send(ends[0], "");
    expect_send(ends[0], "third message");
    expect_send(ends[1], "back");
}

static void check(void) {
    int type = 0, queued = 0;
    socklen_t size = sizeof type;
    EXPECT(getsockopt(ends[1], SOL_SOCKET, SO_TYPE, &type, &size) == 0);
    EXPECT_EQUAL(type, SOCK_DGRAM);
    EXPECT(ioctl(ends[1], FIONREAD, &queued) == 0);
    EXPECT_EQUAL(queued, 5);
    expect_receive(ends[1], "first");
    expect_receive(ends[1], "");
    char part[5];
    EXPECT_EQUAL(recv(ends[1], part, sizeof part, MSG_DONTWAIT | MSG_TRUNC), 13);
    expect_receive(ends[0], "back");
    for (int to = 0; to < 2; to++) {
        char none;
        EXPECT(recv(ends[!to], &none, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
        expect_send(ends[to], in_child() ? "child" : "parent");
        expect_send(ends[to], "again");
        expect_receive(ends[!to], in_child() ? "child" : "parent");
        expect_receive(ends[!to], "again");
    }
}
