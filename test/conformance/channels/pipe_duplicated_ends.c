// SPDX-License-Identifier: Apache-2.0
// carried: pipe with duplicated ends
#include "../conformance.h"

static int ends[2], copy_read, copy_write, far_write = 200;

static void setup(void) {
    EXPECT(pipe(ends) == 0);
    copy_read = fcntl(ends[0], F_DUPFD_CLOEXEC, 100);
    copy_write = dup(ends[1]);
    EXPECT(copy_read >= 100 && copy_write >= 0);
    EXPECT_EQUAL(dup2(ends[1], far_write), far_write);
    EXPECT_EQUAL(write(copy_write, "abc", 3), 3);
}

static void check(void) {
    char seen[8] = {0};
    EXPECT_EQUAL(fcntl(ends[0], F_GETFD), 0);
    EXPECT_EQUAL(fcntl(copy_read, F_GETFD), FD_CLOEXEC);
    EXPECT_EQUAL(fcntl(far_write, F_GETFD), 0);
    EXPECT(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);  // of the description, so of each duplicate
    EXPECT_EQUAL(fcntl(copy_read, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    EXPECT_EQUAL(fcntl(copy_write, F_GETFL) & O_NONBLOCK, 0);
    EXPECT(fcntl(far_write, F_SETFL, O_NONBLOCK) == 0);
    EXPECT_EQUAL(fcntl(copy_write, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    EXPECT_EQUAL(read(ends[0], seen, 2), 2);
    EXPECT_EQUAL(read(copy_read, seen + 2, 4), 1);
    EXPECT(strcmp(seen, "abc") == 0);
    EXPECT(close(ends[1]) == 0 && close(copy_write) == 0);
    EXPECT(read(ends[0], seen, 1) == -1 && errno == EAGAIN);  // one writer is left
    EXPECT(close(ends[0]) == 0);
    EXPECT_EQUAL(write(far_write, "d", 1), 1);
    EXPECT(close(far_write) == 0);
    EXPECT_EQUAL(read(copy_read, seen, 2), 1);
    EXPECT_EQUAL(read(copy_read, seen, 2), 0);
}
