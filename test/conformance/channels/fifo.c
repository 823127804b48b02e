// SPDX-License-Identifier: Apache-2.0
// carried: named FIFO with both ends and bytes queued
#include "../conformance.h"

#include <poll.h>
#include <sys/ioctl.h>

static int read_end, write_end;

/* Reads exactly this text; a pipe that lost it must not hang us. */
static void expect_read(int from, const char* text) {
    char seen[256] = {0};
    struct pollfd event = {from, POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    EXPECT_EQUAL(read(from, seen, sizeof seen - 1), (ssize_t)strlen(text));
    EXPECT(strcmp(seen, text) == 0);
}

static void setup(void) {
    const char* path = in_folder("fifo");
    EXPECT(mkfifo(path, 0600) == 0);
    read_end = open(path, O_RDONLY | O_NONBLOCK);
    write_end = open(path, O_WRONLY | O_CLOEXEC);
    EXPECT(read_end >= 0 && write_end >= 0);
    EXPECT_EQUAL(write(write_end, "queued", 6), 6);
}

/* The child's bytes are its own, though the name in the shared file system leads to the parent's FIFO. */
static void check(void) {
    struct stat about;
    EXPECT(fstat(read_end, &about) == 0 && S_ISFIFO(about.st_mode));
    EXPECT_EQUAL(fcntl(read_end, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY | O_NONBLOCK);
    EXPECT_EQUAL(fcntl(write_end, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_WRONLY);
    EXPECT_EQUAL(fcntl(write_end, F_GETFD), FD_CLOEXEC);
    expect_read(read_end, "queued");
    char seen;
    const char* mine = in_child() ? "child" : "parent";
    for (int i = 0; i < 100; i++) {
        EXPECT(read(read_end, &seen, 1) == -1 && errno == EAGAIN);
        EXPECT_EQUAL(write(write_end, mine, strlen(mine)), (ssize_t)strlen(mine));
        expect_read(read_end, mine);
    }
    EXPECT(close(write_end) == 0);
    EXPECT_EQUAL(read(read_end, &seen, 1), 0);
}
