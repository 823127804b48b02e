// SPDX-License-Identifier: Apache-2.0
// carried: TCP socket that is bound and does not listen
#include "../conformance.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

static int bound;
static struct sockaddr_in address = {.sin_family = AF_INET};

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

static void setup(void) {
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bound = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT(bind(bound, (struct sockaddr*)&address, sizeof address) == 0);
    EXPECT(getsockname(bound, (struct sockaddr*)&address, &size) == 0);
}

static void check(void) {
    struct sockaddr_in now = {0};
    socklen_t size = sizeof now;
    EXPECT(getsockname(bound, (struct sockaddr*)&now, &size) == 0);
    EXPECT(size == sizeof now && memcmp(&now, &address, sizeof now) == 0);
    int caller = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT(bind(caller, (struct sockaddr*)&address, sizeof address) == -1 && errno == EADDRINUSE);
    EXPECT(connect(caller, (struct sockaddr*)&address, sizeof address) == -1 && errno == ECONNREFUSED);
    EXPECT(close(caller) == 0 && listen(bound, 4) == 0);
    caller = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT(connect(caller, (struct sockaddr*)&address, sizeof address) == 0);
    expect_talk(caller, accept(bound, NULL, NULL));
}
