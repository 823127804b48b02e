// SPDX-License-Identifier: Apache-2.0
// carried: eventfd whose counter is full
#include "../conformance.h"

#include <poll.h>
#include <sys/eventfd.h>

#define FULL 0xfffffffffffffffeULL

static int full;

static void setup(void) {
    full = eventfd(0, EFD_NONBLOCK);
    EXPECT(full >= 0);
    EXPECT(eventfd_write(full, FULL) == 0);
}

static void check(void) {
    struct pollfd ready = {full, POLLIN | POLLOUT, 0};
    EXPECT_EQUAL(poll(&ready, 1, 0), 1);
    EXPECT_EQUAL(ready.revents, POLLIN);
    EXPECT(eventfd_write(full, 1) == -1 && errno == EAGAIN);
    eventfd_t value = 0;
    EXPECT(eventfd_read(full, &value) == 0);
    EXPECT(value == FULL);
    EXPECT(eventfd_write(full, 9) == 0);
    EXPECT(eventfd_read(full, &value) == 0);
    EXPECT_EQUAL(value, 9);
}
