// SPDX-License-Identifier: Apache-2.0
// carried: eventfd with a count, non-blocking, and a blocking one
#include "../conformance.h"

#include <poll.h>
#include <sys/eventfd.h>

static int counted, blocking;

static void setup(void) {
    counted = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);
    blocking = eventfd(0, 0);
    EXPECT(counted >= 0 && blocking >= 0);
    EXPECT(eventfd_write(counted, 0x100000000) == 0);
}

static void check(void) {
    eventfd_t value = 0;
    struct pollfd ready = {counted, POLLIN | POLLOUT, 0};
    EXPECT_EQUAL(poll(&ready, 1, 0), 1);
    EXPECT_EQUAL(ready.revents, POLLIN | POLLOUT);
    // All of it at once, and once only: a counter that parent and child shared would be empty for one of them.
    EXPECT(eventfd_read(counted, &value) == 0);
    EXPECT_EQUAL(value, 0x100000003);
    EXPECT(eventfd_read(counted, &value) == -1 && errno == EAGAIN);
    EXPECT(eventfd_write(counted, 2) == 0 && eventfd_write(counted, 5) == 0);
    EXPECT(eventfd_read(counted, &value) == 0);
    EXPECT_EQUAL(value, 7);
    EXPECT_EQUAL(fcntl(counted, F_GETFL) & (O_NONBLOCK | O_ACCMODE), O_NONBLOCK | O_RDWR);
    EXPECT_EQUAL(fcntl(counted, F_GETFD), FD_CLOEXEC);

    ready = (struct pollfd){blocking, POLLIN, 0};
    EXPECT_EQUAL(poll(&ready, 1, 0), 0);
    EXPECT_EQUAL(fcntl(blocking, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQUAL(fcntl(blocking, F_GETFD), 0);
    EXPECT(eventfd_write(blocking, 1) == 0);
    EXPECT(eventfd_read(blocking, &value) == 0);
    EXPECT_EQUAL(value, 1);
}
