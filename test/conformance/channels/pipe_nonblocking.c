// SPDX-License-Identifier: Apache-2.0
// carried: pipes with one end non-blocking
#include "../conformance.h"

static int reads[2], writes[2];  // named after the end that does not block

static void setup(void) {
    EXPECT(pipe(reads) == 0 && pipe2(writes, O_CLOEXEC) == 0);
    EXPECT(fcntl(reads[0], F_SETFL, O_NONBLOCK) == 0);
    EXPECT(fcntl(writes[1], F_SETFL, O_NONBLOCK) == 0);
}

static void check(void) {
    EXPECT_EQUAL(fcntl(reads[0], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    EXPECT_EQUAL(fcntl(reads[1], F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQUAL(fcntl(writes[0], F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQUAL(fcntl(writes[1], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    for (int end = 0; end < 2; end++) {
        EXPECT_EQUAL(fcntl(reads[end], F_GETFD), 0);
        EXPECT_EQUAL(fcntl(writes[end], F_GETFD), FD_CLOEXEC);
    }
    static char bytes[8192];
    EXPECT(read(reads[0], bytes, 1) == -1 && errno == EAGAIN);
    EXPECT_EQUAL(write(reads[1], "x", 1), 1);
    EXPECT_EQUAL(read(reads[0], bytes, 2), 1);
    ssize_t room = 0, wrote;
    while ((wrote = write(writes[1], bytes, sizeof bytes)) > 0) room += wrote;
    EXPECT_EQUAL(room, fcntl(writes[1], F_GETPIPE_SZ));
    EXPECT(write(writes[1], bytes, 1) == -1 && errno == EAGAIN);
}
