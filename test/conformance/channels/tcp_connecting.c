// SPDX-License-Identifier: Apache-2.0
// policy: TCP socket in the middle of a connect: refused in the child
#include "../conformance.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

static int listener, first, connecting;

static int start_connect(const struct sockaddr_in* address) {
    const int made = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    EXPECT(made >= 0);
    EXPECT(connect(made, (const struct sockaddr*)address, sizeof *address) == -1 && errno == EINPROGRESS);
    return made;
}

/* A listener with a full queue ignores who else wants to connect. */
static void setup(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT(bind(listener, (struct sockaddr*)&address, sizeof address) == 0 && listen(listener, 0) == 0);
    EXPECT(getsockname(listener, (struct sockaddr*)&address, &size) == 0);
    first = start_connect(&address);
    struct pollfd event = {first, POLLOUT, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    event = (struct pollfd){listener, POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    connecting = start_connect(&address);
    event = (struct pollfd){connecting, POLLOUT, 0};
    EXPECT_EQUAL(poll(&event, 1, 100), 0);
}

static void check(void) {
    int error = -1;
    socklen_t size = sizeof error;
    struct pollfd event = {connecting, POLLOUT, 0};
    EXPECT_EQUAL(fcntl(connecting, F_GETFL), O_RDWR | O_NONBLOCK);
    if (!in_child()) EXPECT(accept(listener, NULL, NULL) >= 0);  // room, for when the kernel tries again
    EXPECT_EQUAL(poll(&event, 1, 12000), 1);
    EXPECT(getsockopt(connecting, SOL_SOCKET, SO_ERROR, &error, &size) == 0);
    // As when a reset answers: a caller that waits for the connection hears it, and may try again.
    EXPECT_EQUAL(error, in_child() ? ECONNREFUSED : 0);
    if (!in_child()) EXPECT_EQUAL(send(connecting, "x", 1, MSG_NOSIGNAL), 1);
}
