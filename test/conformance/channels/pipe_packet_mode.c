// SPDX-License-Identifier: Apache-2.0
// carried: packet-mode pipe (O_DIRECT) with packets queued
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
    if (pipe2(ends, O_DIRECT) != 0) LACKS("packet-mode pipes");
    EXPECT_EQUAL(write(ends[1], "a", 1), 1);
    EXPECT_EQUAL(write(ends[1], "bcd", 3), 3);
    EXPECT_EQUAL(write(ends[1], "ef", 2), 2);
}

static void check(void) {
    EXPECT_EQUAL(fcntl(ends[1], F_GETFL) & (O_DIRECT | O_ACCMODE), O_DIRECT | O_WRONLY);
    expect_read(ends[0], "a");
    char first = 0;
    EXPECT_EQUAL(read(ends[0], &first, 1), 1);
    EXPECT_EQUAL(first, 'b');
    expect_read(ends[0], "ef");  // the rest of a packet that was read in part is discarded
    EXPECT_EQUAL(write(ends[1], "one", 3), 3);
    EXPECT_EQUAL(write(ends[1], "two", 3), 3);
    expect_read(ends[0], "one");
    expect_read(ends[0], "two");
}
