// SPDX-License-Identifier: Apache-2.0
// policy: bound UDP socket with datagrams queued: the child's begins empty
#include "../conformance.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

static int bound, sender;
static struct sockaddr_in address = {.sin_family = AF_INET};

static void expect_datagram(const char* text) {
    char seen[16] = {0};
    struct pollfd event = {bound, POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    EXPECT_EQUAL(recv(bound, seen, sizeof seen, MSG_DONTWAIT), (ssize_t)strlen(text));
    EXPECT(strcmp(seen, text) == 0);
}

static void setup(void) {
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bound = socket(AF_INET, SOCK_DGRAM, 0);
    sender = socket(AF_INET, SOCK_DGRAM, 0);
    EXPECT(bind(bound, (struct sockaddr*)&address, sizeof address) == 0);
    EXPECT(getsockname(bound, (struct sockaddr*)&address, &size) == 0);
    EXPECT_EQUAL(sendto(sender, "first", 5, 0, (struct sockaddr*)&address, sizeof address), 5);
    EXPECT_EQUAL(sendto(sender, "second", 6, 0, (struct sockaddr*)&address, sizeof address), 6);
    struct pollfd event = {bound, POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
}

/* UDP may lose datagrams, and the parent answers these: a second answer from the child would be wrong. */
static void check(void) {
    const char* mine = in_child() ? "child" : "parent";
    struct sockaddr_in now = {0};
    socklen_t size = sizeof now;
    EXPECT(getsockname(bound, (struct sockaddr*)&now, &size) == 0);
    EXPECT(memcmp(&now, &address, sizeof now) == 0);
    EXPECT_EQUAL(sendto(sender, mine, strlen(mine), 0, (struct sockaddr*)&address, sizeof address),
                 (ssize_t)strlen(mine));
    if (!in_child()) {
        expect_datagram("first");
        expect_datagram("second");
    }
    expect_datagram(mine);
}
