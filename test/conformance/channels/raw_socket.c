// SPDX-License-Identifier: Apache-2.0
// refused: raw IP socket
// names: raw socket
#include "../conformance.h"

#include <netinet/in.h>
#include <sys/socket.h>

static int raw;

static void setup(void) {
    raw = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    if (raw < 0) LACKS("raw sockets");
}

static void check(void) {
    int type = 0;
    socklen_t size = sizeof type;
    EXPECT(getsockopt(raw, SOL_SOCKET, SO_TYPE, &type, &size) == 0);
    EXPECT_EQUAL(type, SOCK_RAW);
}
