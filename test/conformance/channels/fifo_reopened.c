// SPDX-License-Identifier: Apache-2.0
// carried: FIFOs: one held by a descriptor that reads and writes, one opened twice to write and then deleted
#include "../conformance.h"

#include <poll.h>

static int both, read_end, first, second;

static void expect_read(int from, const char* text) {
    char seen[64] = {0};
    struct pollfd event = {from, POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    EXPECT_EQUAL(read(from, seen, sizeof seen - 1), (ssize_t)strlen(text));
    EXPECT(strcmp(seen, text) == 0);
}

static void setup(void) {
    EXPECT(mkfifo(in_folder("both"), 0600) == 0 && mkfifo(in_folder("twice"), 0600) == 0);
    both = open(in_folder("both"), O_RDWR | O_CLOEXEC);
    read_end = open(in_folder("twice"), O_RDONLY | O_NONBLOCK);
    first = open(in_folder("twice"), O_WRONLY);
    second = open(in_folder("twice"), O_WRONLY | O_NONBLOCK);
    EXPECT(both >= 0 && read_end >= 0 && first >= 0 && second >= 0);
    EXPECT(unlink(in_folder("twice")) == 0);
    EXPECT_EQUAL(write(both, "one", 3), 3);
    EXPECT_EQUAL(write(first, "two", 3), 3);
}

static void check(void) {
    EXPECT_EQUAL(fcntl(both, F_GETFL) & O_ACCMODE, O_RDWR);
    EXPECT_EQUAL(fcntl(both, F_GETFD), FD_CLOEXEC);
    EXPECT_EQUAL(fcntl(first, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_WRONLY);
    EXPECT_EQUAL(fcntl(second, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_WRONLY | O_NONBLOCK);
    expect_read(both, "one");
    expect_read(read_end, "two");
    const char* mine = in_child() ? "child" : "parent";
    for (int i = 0; i < 100; i++) {
        EXPECT_EQUAL(write(both, mine, strlen(mine)), (ssize_t)strlen(mine));
        expect_read(both, mine);
    }
    char byte;
    EXPECT(close(first) == 0);
    EXPECT(read(read_end, &byte, 1) == -1 && errno == EAGAIN);  // one writer is left
    EXPECT(close(second) == 0);
    EXPECT_EQUAL(read(read_end, &byte, 1), 0);
}
