// SPDX-License-Identifier: Apache-2.0
// carried: bound UDP socket with options
#include "../conformance.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

static int bound;
static struct sockaddr_in address = {.sin_family = AF_INET};

static void setup(void) {
    const int on = 1;
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bound = socket(AF_INET, SOCK_DGRAM, 0);
    EXPECT(setsockopt(bound, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) == 0);
    EXPECT(setsockopt(bound, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) == 0);
    EXPECT(bind(bound, (struct sockaddr*)&address, sizeof address) == 0);
    EXPECT(getsockname(bound, (struct sockaddr*)&address, &size) == 0);
}

static void check(void) {
    struct sockaddr_in now = {0}, from = {0};
    socklen_t size = sizeof now;
    int on = 0;
    EXPECT(getsockname(bound, (struct sockaddr*)&now, &size) == 0);
    EXPECT(memcmp(&now, &address, sizeof now) == 0);
    size = sizeof on;
    EXPECT(getsockopt(bound, SOL_SOCKET, SO_BROADCAST, &on, &size) == 0 && on == 1);
    EXPECT(getsockopt(bound, IPPROTO_IP, IP_PKTINFO, &on, &size) == 0 && on == 1);
    EXPECT(getpeername(bound, (struct sockaddr*)&now, &size) == -1 && errno == ENOTCONN);
    const int other = socket(AF_INET, SOCK_DGRAM, 0);
    EXPECT(bind(other, (struct sockaddr*)&address, sizeof address) == -1 && errno == EADDRINUSE);
    const char* mine = in_child() ? "child" : "other";
    char seen[16] = {0};
    EXPECT_EQUAL(sendto(other, mine, 5, 0, (struct sockaddr*)&address, sizeof address), 5);
    struct pollfd event = {bound, POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    size = sizeof from;
    EXPECT_EQUAL(recvfrom(bound, seen, sizeof seen, MSG_DONTWAIT, (struct sockaddr*)&from, &size), 5);
    EXPECT(strcmp(seen, mine) == 0);
    EXPECT_EQUAL(sendto(bound, "reply", 5, 0, (struct sockaddr*)&from, size), 5);
    event.fd = other;
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    EXPECT_EQUAL(recvfrom(other, seen, sizeof seen, MSG_DONTWAIT, (struct sockaddr*)&from, &size), 5);
    EXPECT_EQUAL(from.sin_port, address.sin_port);
}
