// SPDX-License-Identifier: Apache-2.0
// policy: listening unix socket with a path: the child's listens, the path stays the parent's
#include "../conformance.h"

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static int listener;
static struct sockaddr_un address = {.sun_family = AF_UNIX};

static void setup(void) {
    snprintf(address.sun_path, sizeof address.sun_path, "%s", in_folder("door"));
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    EXPECT(bind(listener, (struct sockaddr*)&address, sizeof address) == 0 && listen(listener, 8) == 0);
}

static void check(void) {
    struct sockaddr_un now = {0};
    struct stat about;
    socklen_t size = sizeof now;
    int listens = 0;
    EXPECT(getsockname(listener, (struct sockaddr*)&now, &size) == 0);
    EXPECT(strcmp(now.sun_path, address.sun_path) == 0);
    size = sizeof listens;
    EXPECT(getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0);
    EXPECT_EQUAL(listens, 1);
    EXPECT_EQUAL(fcntl(listener, F_GETFL), O_RDWR | O_NONBLOCK);
    EXPECT(stat(address.sun_path, &about) == 0 && S_ISSOCK(about.st_mode));  // making the child's took nothing away
    const int caller = socket(AF_UNIX, SOCK_STREAM, 0);
    const int reached = connect(caller, (struct sockaddr*)&address, sizeof address);
    const int error = errno;
    if (in_child()) {  // whomever that reached, while the parent is there: never the child's own
        struct pollfd event = {listener, POLLIN, 0};
        EXPECT(reached == 0 || error == ECONNREFUSED);
        EXPECT_EQUAL(poll(&event, 1, 0), 0);
        EXPECT(accept(listener, NULL, NULL) == -1 && errno == EAGAIN);
        return;
    }
    EXPECT_EQUAL(reached, 0);
    EXPECT_EQUAL(send(caller, "parent", 6, MSG_NOSIGNAL), 6);
    for (int tries = 0; tries < 8; tries++) {  // the child's call may be before ours; it says nothing
        char seen[8] = {0};
        const int called = accept(listener, NULL, NULL);
        EXPECT(called >= 0);
        if (recv(called, seen, sizeof seen, MSG_DONTWAIT) == 6 && strcmp(seen, "parent") == 0) return;
    }
    FAIL("own call is not in the queue");
}
