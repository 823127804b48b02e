// SPDX-License-Identifier: Apache-2.0
// carried: stream socketpair with bytes queued in both directions
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
    EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    expect_send(ends[0], "gone, there");
    expect_send(ends[1], "back");
    expect_send(ends[1], "wards");
    char seen[6];
    EXPECT_EQUAL(recv(ends[1], seen, sizeof seen, 0), 6);
}

static void check(void) {
    int type = 0, queued = 0;
    socklen_t size = sizeof type;
    EXPECT(getsockopt(ends[0], SOL_SOCKET, SO_TYPE, &type, &size) == 0);
    EXPECT_EQUAL(type, SOCK_STREAM);
    EXPECT(ioctl(ends[0], FIONREAD, &queued) == 0);
    EXPECT_EQUAL(queued, 9);
    expect_receive(ends[1], "there");
    expect_receive(ends[0], "backwards");
    const char* mine = in_child() ? "of the child" : "of the parent";
    for (int to = 0; to < 2; to++) {
        char none;
        EXPECT(recv(ends[!to], &none, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
        expect_send(ends[to], mine);
        expect_receive(ends[!to], mine);
    }
    EXPECT(close(ends[1]) == 0);
    expect_receive(ends[0], "");
}
