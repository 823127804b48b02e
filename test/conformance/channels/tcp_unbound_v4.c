// SPDX-License-Identifier: Apache-2.0
// carried: TCP socket (IPv4), not bound, with options
#include "../conformance.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

static const struct {
    int level, name, value;
} options[] = {
    {SOL_SOCKET, SO_REUSEADDR, 1}, {SOL_SOCKET, SO_REUSEPORT, 1},          {SOL_SOCKET, SO_KEEPALIVE, 1},
    {IPPROTO_TCP, TCP_NODELAY, 1}, {IPPROTO_TCP, TCP_KEEPIDLE, 123},       {IPPROTO_TCP, TCP_KEEPINTVL, 17},
    {IPPROTO_TCP, TCP_KEEPCNT, 7}, {IPPROTO_TCP, TCP_USER_TIMEOUT, 12345}, {IPPROTO_IP, IP_TOS, 0x10},
    {IPPROTO_IP, IP_TTL, 33},
};
enum { OPTIONS = sizeof options / sizeof options[0] };
static int made;

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
    made = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT(made >= 0);
    for (int i = 0; i < OPTIONS; i++)
        EXPECT(setsockopt(made, options[i].level, options[i].name, &options[i].value, sizeof(int)) == 0);
}

static void check(void) {
    for (int i = 0; i < OPTIONS; i++) {
        int value = -1;
        socklen_t size = sizeof value;
        EXPECT(getsockopt(made, options[i].level, options[i].name, &value, &size) == 0);
        if (value != options[i].value) FAIL("option %d of level %d is %d", options[i].name, options[i].level, value);
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}}, own = {0};
    socklen_t size = sizeof own;
    EXPECT(getsockname(made, (struct sockaddr*)&own, &size) == 0);
    EXPECT_EQUAL(size, sizeof own);
    EXPECT_EQUAL(own.sin_port, 0);
    EXPECT(getpeername(made, (struct sockaddr*)&own, &size) == -1 && errno == ENOTCONN);
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT(bind(listener, (struct sockaddr*)&address, sizeof address) == 0 && listen(listener, 1) == 0);
    size = sizeof address;
    EXPECT(getsockname(listener, (struct sockaddr*)&address, &size) == 0);
    EXPECT(connect(made, (struct sockaddr*)&address, sizeof address) == 0);
    expect_talk(made, accept(listener, NULL, NULL));
}
