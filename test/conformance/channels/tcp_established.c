// SPDX-License-Identifier: Apache-2.0
// policy: TCP connection within the process: reset in the child
#include "../conformance.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

static int caller, called;

/* Bytes go both ways between the ends of a connection; only the wait for them is bounded. */
static void expect_talk(int one, int other) {
    const int ends[] = {one, other};
    const char* mine = in_child() ? "child" : "other";
    for (int from = 0; from < 2; from++) {
        char seen[16] = {0};
        EXPECT_EQUAL(send(ends[from], mine, 5, MSG_NOSIGNAL), 5);
        struct pollfd event = {ends[!from], POLLIN, 0};
        EXPECT_EQUAL(poll(&event, 1, 10000), 1);
        EXPECT_EQUAL(recv(ends[!from], seen, sizeof seen, MSG_DONTWAIT), 5);
        EXPECT(strcmp(seen, mine) == 0);
    }
}

/* What a connection becomes in the child: nothing to read, not even what was queued, but a reset, told once. */
static void expect_reset(int socket) {
    char none;
    struct pollfd event = {socket, POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    EXPECT(event.revents & POLLHUP);
    EXPECT(recv(socket, &none, 1, MSG_DONTWAIT) == -1 && errno == ECONNRESET);
    EXPECT_EQUAL(recv(socket, &none, 1, MSG_DONTWAIT), 0);
    EXPECT(send(socket, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == -1 && errno == EPIPE);
}

static void setup(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT(bind(listener, (struct sockaddr*)&address, sizeof address) == 0 && listen(listener, 1) == 0);
    EXPECT(getsockname(listener, (struct sockaddr*)&address, &size) == 0);
    caller = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT(connect(caller, (struct sockaddr*)&address, sizeof address) == 0);
    called = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    EXPECT(called >= 0 && close(listener) == 0);
    EXPECT_EQUAL(send(caller, "queued", 6, 0), 6);
    struct pollfd event = {called, POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
}

static void check(void) {
    EXPECT_EQUAL(fcntl(caller, F_GETFD), FD_CLOEXEC);
    EXPECT_EQUAL(fcntl(caller, F_GETFL), O_RDWR);
    EXPECT_EQUAL(fcntl(called, F_GETFD), 0);
    EXPECT_EQUAL(fcntl(called, F_GETFL), O_RDWR | O_NONBLOCK);
    if (in_child()) {
        expect_reset(caller);
        expect_reset(called);
    } else {
        char seen[8] = {0};
        EXPECT_EQUAL(recv(called, seen, sizeof seen, 0), 6);
        EXPECT(strcmp(seen, "queued") == 0);
        expect_talk(caller, called);
    }
}
