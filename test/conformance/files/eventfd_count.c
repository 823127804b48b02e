// SPDX-License-Identifier: Apache-2.0
// carried: eventfd with a count
#include <sys/eventfd.h>

#include "../conformance.h"

static int counter, duplicate;

static void setup(void) {
    counter = eventfd(0, EFD_NONBLOCK);
    EXPECT(counter >= 0);
    const uint64_t value = 0x123456789abcdef;
    EXPECT_EQUAL(write(counter, &value, sizeof value), sizeof value);
    duplicate = dup(counter);
    EXPECT(duplicate >= 0);
}

static void check(void) {
    uint64_t value = 0;
    EXPECT_EQUAL(read(duplicate, &value, sizeof value), sizeof value);
    EXPECT_EQUAL(value, 0x123456789abcdef);
    EXPECT(read(counter, &value, sizeof value) == -1 && errno == EAGAIN);
    value = 7;
    EXPECT_EQUAL(write(counter, &value, sizeof value), sizeof value);
    EXPECT_EQUAL(read(counter, &value, sizeof value), sizeof value);
    EXPECT_EQUAL(value, 7);
}
