// SPDX-License-Identifier: Apache-2.0
// carried: eventfd in semaphore mode
#include "../conformance.h"

#include <sys/eventfd.h>

static int semaphore, duplicate;

static void setup(void) {
    semaphore = eventfd(4, EFD_SEMAPHORE | EFD_NONBLOCK);
    EXPECT(semaphore >= 0);
    duplicate = dup(semaphore);
    EXPECT(duplicate >= 0);
    eventfd_t value = 0;
    EXPECT(eventfd_read(semaphore, &value) == 0);
}

static void check(void) {
    for (int left = 3; left > 0; left--) {
        eventfd_t value = 0;
        EXPECT(eventfd_read(left % 2 ? duplicate : semaphore, &value) == 0);
        EXPECT_EQUAL(value, 1);
    }
    eventfd_t value = 0;
    EXPECT(eventfd_read(semaphore, &value) == -1 && errno == EAGAIN);
    EXPECT(eventfd_write(duplicate, 2) == 0);
    EXPECT(eventfd_read(semaphore, &value) == 0);
    EXPECT_EQUAL(value, 1);
    EXPECT(eventfd_read(semaphore, &value) == 0);
    EXPECT(eventfd_read(semaphore, &value) == -1 && errno == EAGAIN);
}
