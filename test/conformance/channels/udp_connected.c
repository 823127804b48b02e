// SPDX-License-Identifier: Apache-2.0
// carried: connected UDP socket
#include "../conformance.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

static int connected, peer;
static struct sockaddr_in own = {.sin_family = AF_INET}, theirs = {.sin_family = AF_INET};

static void expect_datagram(int socket, const char* text) {
    char seen[16] = {0};
    struct pollfd event = {socket, POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    EXPECT_EQUAL(recv(socket, seen, sizeof seen, MSG_DONTWAIT), (ssize_t)strlen(text));
    EXPECT(strcmp(seen, text) == 0);
}

static void setup(void) {
    socklen_t size = sizeof own;
    own.sin_addr.s_addr = theirs.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected = socket(AF_INET, SOCK_DGRAM, 0);
    peer = socket(AF_INET, SOCK_DGRAM, 0);
    EXPECT(bind(peer, (struct sockaddr*)&theirs, sizeof theirs) == 0);
    EXPECT(getsockname(peer, (struct sockaddr*)&theirs, &size) == 0);
    EXPECT(connect(connected, (struct sockaddr*)&theirs, sizeof theirs) == 0);
    EXPECT(getsockname(connected, (struct sockaddr*)&own, &size) == 0);
}

static void check(void) {
    struct sockaddr_in now = {0};
    socklen_t size = sizeof now;
    EXPECT(getsockname(connected, (struct sockaddr*)&now, &size) == 0);
    EXPECT(now.sin_port == own.sin_port && now.sin_addr.s_addr == own.sin_addr.s_addr);
    EXPECT(getpeername(connected, (struct sockaddr*)&now, &size) == 0);
    EXPECT(now.sin_port == theirs.sin_port && now.sin_addr.s_addr == theirs.sin_addr.s_addr);
    const char* mine = in_child() ? "child" : "other";
    const int stranger = socket(AF_INET, SOCK_DGRAM, 0);
    EXPECT_EQUAL(send(connected, mine, 5, 0), 5);
    expect_datagram(peer, mine);
    EXPECT_EQUAL(sendto(stranger, "spam", 4, 0, (struct sockaddr*)&own, sizeof own), 4);  // not let in
    EXPECT_EQUAL(sendto(peer, "answer", 6, 0, (struct sockaddr*)&own, sizeof own), 6);
    expect_datagram(connected, "answer");
    EXPECT(close(peer) == 0);
    EXPECT_EQUAL(send(connected, mine, 5, 0), 5);
    struct pollfd event = {connected, POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    char none;
    EXPECT(recv(connected, &none, 1, MSG_DONTWAIT) == -1 && errno == ECONNREFUSED);  // ICMP finds it
}
