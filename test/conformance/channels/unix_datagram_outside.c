// SPDX-License-Identifier: Apache-2.0
// policy: unix datagram socket connected to another process, as of syslog(3): refused in the child
#include "../conformance.h"

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static int client;

/* A process that is not ours, and the only one with the server's socket: it answers what it gets. */
static void start_server(int server) {
    const pid_t between = fork();
    EXPECT(between >= 0);
    if (between == 0) {
        if (fork() != 0) _exit(0);
        alarm(30);
        const int null = open("/dev/null", O_RDWR);
        for (int stream = 0; stream < 3; stream++) dup2(null, stream);
        char bytes[64] = {0};
        struct sockaddr_un from;
        while (strncmp(bytes, "end", 3) != 0) {
            socklen_t size = sizeof from;
            const ssize_t got = recvfrom(server, bytes, sizeof bytes, 0, (struct sockaddr*)&from, &size);
            if (got > 0) sendto(server, bytes, (size_t)got, MSG_DONTWAIT, (struct sockaddr*)&from, size);
        }
        _exit(0);
    }
    EXPECT_EQUAL(waitpid(between, NULL, 0), between);
}

static void setup(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX}, own = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", in_folder("server"));
    const int server = socket(AF_UNIX, SOCK_DGRAM, 0);
    client = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    EXPECT(bind(server, (struct sockaddr*)&address, sizeof address) == 0);
    EXPECT(bind(client, (struct sockaddr*)&own, sizeof own.sun_family) == 0);  // an abstract name, for the answers
    start_server(server);
    EXPECT(close(server) == 0);
    EXPECT(connect(client, (struct sockaddr*)&address, sizeof address) == 0);
}

/* In the child as if the server had gone: syslog(3) and its like connect again then. */
static void check(void) {
    EXPECT_EQUAL(fcntl(client, F_GETFD), FD_CLOEXEC);
    if (in_child()) {
        // An error that is pending is told first.
        ssize_t sent = send(client, "child", 5, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent == -1 && errno == ECONNRESET) sent = send(client, "child", 5, MSG_NOSIGNAL | MSG_DONTWAIT);
        const int error = errno;
        EXPECT(sent == -1 && (error == ECONNREFUSED || error == ENOTCONN));
        return;
    }
    char seen[16] = {0};
    struct pollfd event = {client, POLLIN, 0};
    EXPECT_EQUAL(send(client, "end", 3, MSG_NOSIGNAL), 3);
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    EXPECT_EQUAL(recv(client, seen, sizeof seen, MSG_DONTWAIT), 3);  // and no answer to a child before it
    EXPECT(strcmp(seen, "end") == 0);
}
