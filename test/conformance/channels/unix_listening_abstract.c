// SPDX-License-Identifier: Apache-2.0
// carried: listening abstract unix socket
#include "../conformance.h"

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static int listener;
static struct sockaddr_un address;
static socklen_t address_size;

/* An abstract name of this run's own. */
static socklen_t name_address(struct sockaddr_un* address, const char* what) {
    struct timespec now;
    EXPECT(clock_gettime(CLOCK_REALTIME, &now) == 0);
    address->sun_family = AF_UNIX;
    const int size = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "farfork-%s-%d-%ld%09ld", what,
                              getpid(), (long)now.tv_sec, now.tv_nsec);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size);
}

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
    address_size = name_address(&address, "listener");
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    EXPECT(bind(listener, (struct sockaddr*)&address, address_size) == 0 && listen(listener, 3) == 0);
}

static void check(void) {
    EXPECT_EQUAL(fcntl(listener, F_GETFL), O_RDWR | O_NONBLOCK);
    struct sockaddr_un now = {0};
    socklen_t size = sizeof now;
    EXPECT(getsockname(listener, (struct sockaddr*)&now, &size) == 0);
    EXPECT_EQUAL(size, address_size);
    EXPECT(memcmp(&now, &address, size) == 0);
    int listens = 0;
    size = sizeof listens;
    EXPECT(getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0);
    EXPECT_EQUAL(listens, 1);
    EXPECT(accept(listener, NULL, NULL) == -1 && errno == EAGAIN);
    int callers[8], count = 0;
    for (; count < 8; count++) {
        callers[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(callers[count], (struct sockaddr*)&address, address_size) != 0) break;
    }
    EXPECT_EQUAL(count, 4);  // the kernel lets in one more than the backlog
    for (int i = 0; i < count; i++) {
        const int called = accept(listener, NULL, NULL);
        EXPECT(called >= 0);
        expect_talk(callers[i], called);
    }
}
