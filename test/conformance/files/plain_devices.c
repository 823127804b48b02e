// SPDX-License-Identifier: Apache-2.0
// carried: /dev/null, zero, full, random and urandom
#include "../conformance.h"

static int null, zero, full, urandom, random_one;

static void setup(void) {
    null = open("/dev/null", O_RDWR);
    zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    full = open("/dev/full", O_WRONLY | O_NONBLOCK);
    urandom = open("/dev/urandom", O_RDONLY);
    random_one = open("/dev/random", O_RDONLY | O_NONBLOCK);
    if (null < 0 || zero < 0 || full < 0 || urandom < 0 || random_one < 0) LACKS("the plain devices");
}

static void check(void) {
    char bytes[64], others[64];
    EXPECT_EQUAL(read(null, bytes, sizeof bytes), 0);
    EXPECT_EQUAL(write(null, bytes, sizeof bytes), sizeof bytes);
    memset(bytes, 1, sizeof bytes);
    EXPECT_EQUAL(read(zero, bytes, sizeof bytes), sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) EXPECT_EQUAL(bytes[i], 0);
    EXPECT(write(full, "x", 1) == -1 && errno == ENOSPC);
    EXPECT_EQUAL(read(urandom, bytes, sizeof bytes), sizeof bytes);
    EXPECT_EQUAL(read(random_one, others, sizeof others), sizeof others);
    EXPECT(memcmp(bytes, others, sizeof bytes) != 0);
    EXPECT_EQUAL(fcntl(null, F_GETFL) & O_ACCMODE, O_RDWR);
    EXPECT_EQUAL(fcntl(full, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_WRONLY | O_NONBLOCK);
    EXPECT_EQUAL(fcntl(zero, F_GETFD), FD_CLOEXEC);
    EXPECT_EQUAL(fcntl(urandom, F_GETFD), 0);
}
