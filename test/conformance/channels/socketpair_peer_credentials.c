// SPDX-License-Identifier: Apache-2.0
// carried: credentials of a socketpair's maker (SO_PEERCRED)
#include "../conformance.h"

#include <sys/socket.h>

static int ends[2];

static void setup(void) {
    EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
}

static void check(void) {
    for (int end = 0; end < 2; end++) {
        struct ucred peer = {0};
        socklen_t size = sizeof peer;
        EXPECT(getsockopt(ends[end], SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0);
        EXPECT_EQUAL(peer.pid, getpid());
        EXPECT_EQUAL(peer.uid, geteuid());
        EXPECT_EQUAL(peer.gid, getegid());
    }
}
