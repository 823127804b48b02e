// SPDX-License-Identifier: Apache-2.0
// carried: pipe whose write end is closed, with a rest to read
#include "../conformance.h"

#include <poll.h>

static int ends[2];

static void setup(void) {
    EXPECT(pipe(ends) == 0);
    EXPECT_EQUAL(write(ends[1], "rest", 4), 4);
    EXPECT(close(ends[1]) == 0);
}

static void check(void) {
    struct pollfd event = {ends[0], POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 0), 1);
    EXPECT_EQUAL(event.revents, POLLIN | POLLHUP);
    char seen[8] = {0};
    EXPECT_EQUAL(read(ends[0], seen, sizeof seen), 4);
    EXPECT(strcmp(seen, "rest") == 0);
    EXPECT_EQUAL(poll(&event, 1, 0), 1);
    EXPECT_EQUAL(event.revents, POLLHUP);
    EXPECT_EQUAL(read(ends[0], seen, sizeof seen), 0);
    EXPECT(fcntl(ends[1], F_GETFD) == -1 && errno == EBADF);
}
