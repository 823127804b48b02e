// SPDX-License-Identifier: Apache-2.0
// carried: unix connection within the process, by a listener that is closed
#include "../conformance.h"

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static int caller, called;
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
    address_size = name_address(&address, "accepted");
    const int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    EXPECT(bind(listener, (struct sockaddr*)&address, address_size) == 0 && listen(listener, 3) == 0);
    caller = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    EXPECT(connect(caller, (struct sockaddr*)&address, address_size) == 0);
    called = accept(listener, NULL, NULL);
    EXPECT(called >= 0 && close(listener) == 0);
    EXPECT_EQUAL(send(caller, "one", 3, 0), 3);
    EXPECT_EQUAL(send(caller, "more", 4, 0), 4);
}

static void check(void) {
    char seen[16] = {0};
    EXPECT_EQUAL(recv(called, seen, sizeof seen, MSG_DONTWAIT), 3);
    EXPECT_EQUAL(recv(called, seen, sizeof seen, MSG_DONTWAIT), 4);
    EXPECT(strcmp(seen, "more") == 0);
    expect_talk(caller, called);
    struct sockaddr_un name = {0};
    socklen_t size = sizeof name;
    EXPECT(getpeername(caller, (struct sockaddr*)&name, &size) == 0);
    EXPECT(size == address_size && memcmp(&name, &address, size) == 0);
    size = sizeof name;
    EXPECT(getsockname(called, (struct sockaddr*)&name, &size) == 0);
    EXPECT(size == address_size && memcmp(&name, &address, size) == 0);
    const int late = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    EXPECT(connect(late, (struct sockaddr*)&address, address_size) == -1 && errno == ECONNREFUSED);
}
