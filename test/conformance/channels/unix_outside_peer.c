// SPDX-License-Identifier: Apache-2.0
// policy: unix connection to another process: reset in the child, the peer sees nothing of it
#include "../conformance.h"

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static int connection;
static struct sockaddr_un address;

/* An abstract name of this run's own. */
static socklen_t name_address(struct sockaddr_un* address, const char* what) {
    struct timespec now;
    EXPECT(clock_gettime(CLOCK_REALTIME, &now) == 0);
    address->sun_family = AF_UNIX;
    const int size = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "farfork-%s-%d-%ld%09ld", what,
                              getpid(), (long)now.tv_sec, now.tv_nsec);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size);
}

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
    const socklen_t size = name_address(&address, "outside");
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT(bind(listener, (struct sockaddr*)&address, size) == 0 && listen(listener, 1) == 0);
    start_echo(listener);
    EXPECT(close(listener) == 0);
    connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT(connect(connection, (struct sockaddr*)&address, size) == 0);
    struct pollfd event = {connection, POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
}

/* Not a mere EOF, which a client may take for the end of an answer. */
static void check(void) {
    EXPECT_EQUAL(fcntl(connection, F_GETFD), FD_CLOEXEC);
    if (in_child())
        expect_reset(connection);
    else
        expect_echo(connection);
}
