// SPDX-License-Identifier: Apache-2.0
// refused: O_ASYNC that tells another process
// names: its input is told to
#include "../conformance.h"

static int ends[2];

static void setup(void) {
    EXPECT(pipe(ends) == 0 && fcntl(ends[0], F_SETOWN, getppid()) == 0);
}

static void check(void) {
    EXPECT_EQUAL(fcntl(ends[0], F_GETOWN), getppid());
}
