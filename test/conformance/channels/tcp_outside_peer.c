// SPDX-License-Identifier: Apache-2.0
// policy: TCP connection to another process: reset in the child, the peer sees nothing of it
#include "../conformance.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

static int connection;

/* A process that is not ours: it says back what it hears, until its peer closes, and for half a minute at most. */
static void start_echo(int listener) {
    const pid_t between = fork();
    EXPECT(between >= 0);
    if (between == 0) {
        if (fork() != 0) _exit(0);
        alarm(30);
        const int null = open("/dev/null", O_RDWR);
        for (int stream = 0; stream < 3; stream++) dup2(null, stream);
        const int peer = accept(listener, NULL, NULL);
        char bytes[64];
        ssize_t got;
        send(peer, "queued", 6, MSG_NOSIGNAL);
        while ((got = recv(peer, bytes, sizeof bytes, 0)) > 0) send(peer, bytes, (size_t)got, MSG_NOSIGNAL);
        _exit(0);
    }
    EXPECT_EQUAL(waitpid(between, NULL, 0), between);
}

static void expect_echo(int to) {
    char seen[16] = {0};
    EXPECT_EQUAL(recv(to, seen, 6, MSG_DONTWAIT), 6);
    EXPECT(strcmp(seen, "queued") == 0);
    EXPECT_EQUAL(send(to, "still there", 11, MSG_NOSIGNAL), 11);
    struct pollfd event = {to, POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    EXPECT_EQUAL(recv(to, seen, sizeof seen, MSG_DONTWAIT), 11);
    EXPECT(strcmp(seen, "still there") == 0);
}

/* What a connection becomes in the child: nothing to read, not even what was queued, but a reset, told once. */
static void expect_reset(int socket) {
    char none;
    struct pollfd event = {socket, POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    EXPECT(event.revents & POLLHUP);
    EXPECT(recv(socket, &none, 1, MSG_DONTWAIT) == -1 && errno == ECONNRESET);
    EXPECT_EQUAL(recv(socket, &none, 1, MSG_DONTWAIT), 0);
    EXPECT(send(socket, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == -1 && errno == EPIPE);
}

static void setup(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT(bind(listener, (struct sockaddr*)&address, sizeof address) == 0 && listen(listener, 1) == 0);
    EXPECT(getsockname(listener, (struct sockaddr*)&address, &size) == 0);
    start_echo(listener);
    EXPECT(close(listener) == 0);
    connection = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT(connect(connection, (struct sockaddr*)&address, sizeof address) == 0);
    struct pollfd event = {connection, POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
}

static void check(void) {
    if (in_child())
        expect_reset(connection);
    else
        expect_echo(connection);
}
