// SPDX-License-Identifier: Apache-2.0
// carried: full pipe
#include "../conformance.h"

#include <poll.h>
#include <sys/ioctl.h>

static int ends[2];
static int filled;

static unsigned char byte_at(int index) {
    return (unsigned char)(index * 7 + index / 4096);
}

static void setup(void) {
    EXPECT(pipe(ends) == 0);
    EXPECT(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    for (;; filled++) {
        const unsigned char byte = byte_at(filled);
        if (write(ends[1], &byte, 1) != 1) break;
    }
    EXPECT_EQUAL(filled, fcntl(ends[1], F_GETPIPE_SZ));
}

static void check(void) {
    EXPECT_EQUAL(fcntl(ends[1], F_GETFL), O_WRONLY | O_NONBLOCK);
    struct pollfd event = {ends[1], POLLOUT, 0};
    EXPECT_EQUAL(poll(&event, 1, 0), 0);
    EXPECT(write(ends[1], "x", 1) == -1 && errno == EAGAIN);
    int queued = -1;
    EXPECT(ioctl(ends[0], FIONREAD, &queued) == 0);
    EXPECT_EQUAL(queued, filled);
    EXPECT_EQUAL(fcntl(ends[1], F_GETPIPE_SZ), filled);
    static unsigned char seen[4096];
    for (int index = 0; index < filled;) {
        const ssize_t got = read(ends[0], seen, sizeof seen);
        EXPECT(got > 0);
        for (ssize_t i = 0; i < got; i++) EXPECT_EQUAL(seen[i], byte_at(index++));
    }
    EXPECT_EQUAL(poll(&event, 1, 0), 1);
    EXPECT_EQUAL(event.revents, POLLOUT);
    EXPECT_EQUAL(write(ends[1], seen, sizeof seen), (ssize_t)sizeof seen);
}
