// SPDX-License-Identifier: Apache-2.0
// refused: packet socket
// names: packet socket
#include "../conformance.h"

#include <sys/socket.h>

static int packets;

static void setup(void) {
    packets = socket(AF_PACKET, SOCK_RAW, 0);  // protocol 0: no traffic comes in
    if (packets < 0) LACKS("packet sockets");
}

static void check(void) {
    int domain = 0;
    socklen_t size = sizeof domain;
    EXPECT(getsockopt(packets, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0);
    EXPECT_EQUAL(domain, AF_PACKET);
}
