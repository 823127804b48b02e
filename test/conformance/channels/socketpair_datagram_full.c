// SPDX-License-Identifier: Apache-2.0
// carried: datagram socketpair that takes no more
#include "../conformance.h"

#include <poll.h>
#include <sys/socket.h>

static int ends[2];
static int sent;

static ssize_t send_number(int number) {
    char message[1000];
    memset(message, 'a' + number % 26, sizeof message);
    memcpy(message, &number, sizeof number);
    return send(ends[0], message, sizeof message - (size_t)(number % 7), MSG_DONTWAIT);
}

static void setup(void) {
    EXPECT(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
    while (send_number(sent) > 0) sent++;
    EXPECT(sent > 10);
}

static void check(void) {
    struct pollfd event = {ends[0], POLLOUT, 0};
    EXPECT_EQUAL(poll(&event, 1, 0), 0);
    EXPECT(send_number(sent) == -1 && errno == EAGAIN);
    for (int number = 0; number < sent; number++) {
        char message[2000];
        const ssize_t wanted = 1000 - number % 7;
        int seen = -1;
        EXPECT_EQUAL(recv(ends[1], message, sizeof message, MSG_DONTWAIT), wanted);
        memcpy(&seen, message, sizeof seen);
        EXPECT_EQUAL(seen, number);
        for (ssize_t i = sizeof seen; i < wanted; i++) EXPECT_EQUAL(message[i], 'a' + number % 26);
    }
    EXPECT_EQUAL(poll(&event, 1, 0), 1);
    EXPECT_EQUAL(event.revents, POLLOUT);
    EXPECT_EQUAL(send_number(0), 1000);
}
