// SPDX-License-Identifier: Apache-2.0
// carried: listening TCP socket (IPv6, loopback)
#include "../conformance.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

static int listener;
static struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};

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
    const int on = 1;
    socklen_t size = sizeof address;
    listener = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (listener < 0) LACKS("IPv6");
    EXPECT(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
    EXPECT(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    EXPECT(bind(listener, (struct sockaddr*)&address, sizeof address) == 0 && listen(listener, 5) == 0);
    EXPECT(getsockname(listener, (struct sockaddr*)&address, &size) == 0);
}

static void check(void) {
    EXPECT_EQUAL(fcntl(listener, F_GETFL), O_RDWR | O_NONBLOCK);
    struct sockaddr_in6 now = {0};
    socklen_t size = sizeof now, number_size = sizeof(int);
    EXPECT(getsockname(listener, (struct sockaddr*)&now, &size) == 0);
    EXPECT(size == sizeof now && memcmp(&now, &address, sizeof now) == 0);
    int listens = 0, reuse = 0, no_delay = 0;
    EXPECT(getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &listens, &number_size) == 0);
    EXPECT(getsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &reuse, &number_size) == 0);
    EXPECT_EQUAL(listens, 1);
    EXPECT_EQUAL(reuse, 1);
    struct tcp_info info = {0};
    size = sizeof info;
    EXPECT(getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &size) == 0);
    EXPECT_EQUAL(info.tcpi_state, TCP_LISTEN);
    EXPECT_EQUAL(info.tcpi_unacked, 0);
    EXPECT_EQUAL(info.tcpi_sacked, 5);  // a listener's backlog
    EXPECT(accept(listener, NULL, NULL) == -1 && errno == EAGAIN);
    for (int i = 0; i < 3; i++) {
        const int caller = socket(AF_INET6, SOCK_STREAM, 0);
        EXPECT(connect(caller, (struct sockaddr*)&address, sizeof address) == 0);
        struct pollfd event = {listener, POLLIN, 0};
        EXPECT_EQUAL(poll(&event, 1, 10000), 1);
        const int called = accept(listener, NULL, NULL);
        EXPECT(called >= 0);
        EXPECT(getsockopt(called, IPPROTO_TCP, TCP_NODELAY, &no_delay, &number_size) == 0);
        EXPECT_EQUAL(no_delay, 1);
        expect_talk(caller, called);
        EXPECT(close(caller) == 0 && close(called) == 0);
    }
}
