// SPDX-License-Identifier: Apache-2.0
// carried: thread that waits in accept()
#include "../conformance.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

static int listener;
static struct sockaddr_in address = {.sin_family = AF_INET};
static pthread_t thread;

/* A server's thread: no error may come out of the wait, only the connection that check() makes. */
static void* serve(void* unused) {
    struct sockaddr_in from = {0};
    socklen_t size = sizeof from;
    const int called = accept4(listener, (struct sockaddr*)&from, &size, SOCK_CLOEXEC);
    EXPECT(called >= 0);
    EXPECT_EQUAL(from.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
    EXPECT_EQUAL(send(called, in_child() ? "child" : "other", 5, MSG_NOSIGNAL), 5);
    EXPECT(close(called) == 0);
    return unused;
}

static void setup(void) {
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT(bind(listener, (struct sockaddr*)&address, sizeof address) == 0 && listen(listener, 5) == 0);
    EXPECT(getsockname(listener, (struct sockaddr*)&address, &size) == 0);
    EXPECT_EQUAL(pthread_create(&thread, NULL, serve, NULL), 0);
}

static void check(void) {
    char seen[8] = {0};
    const int caller = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT(connect(caller, (struct sockaddr*)&address, sizeof address) == 0);
    struct pollfd event = {caller, POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    EXPECT_EQUAL(recv(caller, seen, 5, MSG_WAITALL), 5);
    EXPECT(strcmp(seen, in_child() ? "child" : "other") == 0);
    EXPECT_EQUAL(pthread_join(thread, NULL), 0);
    // The wait held a listener of its own account; the descriptor must be the same one.
    const int another = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT(connect(another, (struct sockaddr*)&address, sizeof address) == 0);
    event.fd = listener;
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    EXPECT_EQUAL(event.revents, POLLIN);
    EXPECT(accept(listener, NULL, NULL) >= 0);
}
