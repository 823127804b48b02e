// SPDX-License-Identifier: Apache-2.0
// carried: pipes with capacity changed (F_SETPIPE_SZ), larger and smaller
#include "../conformance.h"

enum { LARGE = 1 << 18, SMALL = 4096 };

static int large[2], small[2];

/* All of `room` fits into the pipe, and nothing beyond. */
static void expect_room(int to, int room) {
    static char bytes[LARGE];
    EXPECT_EQUAL(write(to, bytes, (size_t)room), room);
    EXPECT(write(to, bytes, 1) == -1 && errno == EAGAIN);
}

static void setup(void) {
    EXPECT(pipe2(large, O_NONBLOCK) == 0 && pipe2(small, O_NONBLOCK) == 0);
    if (fcntl(large[0], F_SETPIPE_SZ, LARGE) != LARGE) LACKS("pipes of 256 KiB");
    EXPECT_EQUAL(fcntl(small[1], F_SETPIPE_SZ, SMALL), SMALL);
    EXPECT_EQUAL(write(small[1], "queued", 6), 6);
}

static void check(void) {
    EXPECT_EQUAL(fcntl(small[0], F_GETFL), O_RDONLY | O_NONBLOCK);
    EXPECT_EQUAL(fcntl(small[1], F_GETFL), O_WRONLY | O_NONBLOCK);
    EXPECT_EQUAL(fcntl(large[1], F_GETFL), O_WRONLY | O_NONBLOCK);
    for (int end = 0; end < 2; end++) {
        EXPECT_EQUAL(fcntl(large[end], F_GETPIPE_SZ), LARGE);
        EXPECT_EQUAL(fcntl(small[end], F_GETPIPE_SZ), SMALL);
    }
    char seen[16] = {0};
    EXPECT_EQUAL(read(small[0], seen, sizeof seen), 6);
    EXPECT(strcmp(seen, "queued") == 0);
    expect_room(small[1], SMALL);
    expect_room(large[1], LARGE);
}
