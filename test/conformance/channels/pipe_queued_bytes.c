// SPDX-License-Identifier: Apache-2.0
// carried: pipe with bytes queued
#include "../conformance.h"

#include <poll.h>
#include <sys/ioctl.h>

static int ends[2];

/* Reads exactly this text; a pipe that lost it must not hang us. */
static void expect_read(int from, const char* text) {
    char seen[256] = {0};
    struct pollfd event = {from, POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    EXPECT_EQUAL(read(from, seen, sizeof seen - 1), (ssize_t)strlen(text));
    EXPECT(strcmp(seen, text) == 0);
}

static void setup(void) {
    EXPECT(pipe(ends) == 0);
    EXPECT_EQUAL(write(ends[1], "gone early, late", 16), 16);
    char seen[5];
    EXPECT_EQUAL(read(ends[0], seen, sizeof seen), 5);
}

static void check(void) {
    int queued = -1;
    EXPECT(ioctl(ends[0], FIONREAD, &queued) == 0);
    EXPECT_EQUAL(queued, 11);
    EXPECT_EQUAL(fcntl(ends[0], F_GETFL) & (O_ACCMODE | O_NONBLOCK | O_DIRECT), O_RDONLY);
    EXPECT_EQUAL(fcntl(ends[1], F_GETFL) & (O_ACCMODE | O_NONBLOCK | O_DIRECT), O_WRONLY);
    const char* mine = in_child() ? "of the child" : "of the parent";
    EXPECT_EQUAL(write(ends[1], mine, strlen(mine)), (ssize_t)strlen(mine));
    char whole[64];
    snprintf(whole, sizeof whole, "early, late%s", mine);
    expect_read(ends[0], whole);
    struct pollfd event = {ends[0], POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 0), 0);
    EXPECT(close(ends[1]) == 0);
    EXPECT_EQUAL(read(ends[0], whole, sizeof whole), 0);
}
