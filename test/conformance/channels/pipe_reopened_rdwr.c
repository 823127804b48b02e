// SPDX-License-Identifier: Apache-2.0
// carried: pipe whose only descriptor reads and writes (opened by /proc/self/fd)
#include "../conformance.h"

#include <poll.h>
#include <sys/ioctl.h>

static int both;

/* Reads exactly this text; a pipe that lost it must not hang us. */
static void expect_read(int from, const char* text) {
    char seen[256] = {0};
    struct pollfd event = {from, POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    EXPECT_EQUAL(read(from, seen, sizeof seen - 1), (ssize_t)strlen(text));
    EXPECT(strcmp(seen, text) == 0);
}

static void setup(void) {
    int ends[2];
    char path[64];
    EXPECT(pipe(ends) == 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    both = open(path, O_RDWR);
    EXPECT(both >= 0);
    EXPECT_EQUAL(write(ends[1], "before", 6), 6);
    EXPECT(close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void check(void) {
    EXPECT_EQUAL(fcntl(both, F_GETFL) & O_ACCMODE, O_RDWR);
    expect_read(both, "before");
    struct pollfd event = {both, POLLIN | POLLOUT, 0};
    EXPECT_EQUAL(poll(&event, 1, 0), 1);
    EXPECT_EQUAL(event.revents, POLLOUT);  // neither end counts as closed
    const char* mine = in_child() ? "child" : "parent";
    EXPECT_EQUAL(write(both, mine, strlen(mine)), (ssize_t)strlen(mine));
    expect_read(both, mine);
}
