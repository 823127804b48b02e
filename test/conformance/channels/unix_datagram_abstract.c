// SPDX-License-Identifier: Apache-2.0
// carried: abstract unix datagram sockets with messages queued
#include "../conformance.h"

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static int bound, sender;
static struct sockaddr_un address, sender_address;
static socklen_t address_size, sender_size;

/* An abstract name of this run's own. */
static socklen_t name_address(struct sockaddr_un* address, const char* what) {
    struct timespec now;
    EXPECT(clock_gettime(CLOCK_REALTIME, &now) == 0);
    address->sun_family = AF_UNIX;
    const int size = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "farfork-%s-%d-%ld%09ld", what,
                              getpid(), (long)now.tv_sec, now.tv_nsec);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size);
}

static void expect_message(int socket, const char* text, const struct sockaddr_un* wanted, socklen_t wanted_size) {
    char seen[16] = {0};
    struct sockaddr_un from = {0};
    socklen_t size = sizeof from;
    EXPECT_EQUAL(recvfrom(socket, seen, sizeof seen, MSG_DONTWAIT, (struct sockaddr*)&from, &size),
                 (ssize_t)strlen(text));
    EXPECT(strcmp(seen, text) == 0);
    EXPECT_EQUAL(size, wanted_size);
    EXPECT(memcmp(&from, wanted, size) == 0);
}

static void setup(void) {
    address_size = name_address(&address, "bound");
    sender_size = name_address(&sender_address, "sender");
    bound = socket(AF_UNIX, SOCK_DGRAM, 0);
    sender = socket(AF_UNIX, SOCK_DGRAM, 0);
    EXPECT(bind(bound, (struct sockaddr*)&address, address_size) == 0);
    EXPECT(bind(sender, (struct sockaddr*)&sender_address, sender_size) == 0);
    EXPECT_EQUAL(sendto(sender, "first", 5, 0, (struct sockaddr*)&address, address_size), 5);
    EXPECT_EQUAL(sendto(sender, "second", 6, 0, (struct sockaddr*)&address, address_size), 6);
}

static void check(void) {
    const char* mine = in_child() ? "child" : "other";
    EXPECT_EQUAL(sendto(sender, mine, 5, MSG_DONTWAIT, (struct sockaddr*)&address, address_size), 5);
    expect_message(bound, "first", &sender_address, sender_size);
    expect_message(bound, "second", &sender_address, sender_size);
    expect_message(bound, mine, &sender_address, sender_size);
    EXPECT_EQUAL(sendto(bound, mine, 5, MSG_DONTWAIT, (struct sockaddr*)&sender_address, sender_size), 5);
    expect_message(sender, mine, &address, address_size);
    char none;
    EXPECT(recv(bound, &none, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
}
