// SPDX-License-Identifier: Apache-2.0
// refused: unix connection not yet accepted, with bytes sent
// names: not accepted yet
#include "../conformance.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

static int listener, caller;

/* The bytes wait in a socket that nobody has a descriptor of before accept(2), so nobody else can look at them. */
static void setup(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t size = sizeof address;
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    EXPECT(bind(listener, (struct sockaddr*)&address, sizeof address.sun_family) == 0 && listen(listener, 3) == 0);
    EXPECT(getsockname(listener, (struct sockaddr*)&address, &size) == 0);
    caller = socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT(connect(caller, (struct sockaddr*)&address, size) == 0);
    EXPECT_EQUAL(send(caller, "request", 7, 0), 7);
}

static void check(void) {
    char seen[16] = {0};
    const int called = accept(listener, NULL, NULL);
    EXPECT(called >= 0);
    EXPECT_EQUAL(recv(called, seen, sizeof seen, MSG_DONTWAIT), 7);
    EXPECT(strcmp(seen, "request") == 0);
    EXPECT(accept(listener, NULL, NULL) == -1 && errno == EAGAIN);
}
