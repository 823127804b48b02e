// SPDX-License-Identifier: Apache-2.0
// carried: standard input that was closed
#include "../conformance.h"

static void setup(void) {
    EXPECT(close(0) == 0);
}

static void check(void) {
    EXPECT(fcntl(0, F_GETFD) == -1 && errno == EBADF);
    EXPECT(fcntl(1, F_GETFD) == 0 && fcntl(2, F_GETFD) == 0);
    EXPECT_EQUAL(open("/dev/null", O_RDONLY), 0);
    char byte;
    EXPECT_EQUAL(read(0, &byte, 1), 0);
    EXPECT_EQUAL(open("/dev/null", O_RDONLY), 3);
}
