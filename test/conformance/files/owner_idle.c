// SPDX-License-Identifier: Apache-2.0
// carried: owner thread (F_SETOWN_EX) and signal (F_SETSIG) of a pipe that is not O_ASYNC yet
#include "../conformance.h"

static int ends[2];
static volatile sig_atomic_t signals;

static void note(int number) {
    (void)number;
    signals++;
}

static void setup(void) {
    signal(SIGUSR2, note);
    const struct f_owner_ex owner = {F_OWNER_TID, gettid()};
    EXPECT(pipe(ends) == 0 && fcntl(ends[0], F_SETOWN_EX, &owner) == 0);
    EXPECT(fcntl(ends[0], F_SETSIG, SIGUSR2) == 0);
}

static void check(void) {
    struct f_owner_ex owner = {0};
    EXPECT(fcntl(ends[0], F_GETOWN_EX, &owner) == 0);
    EXPECT_EQUAL(owner.type, F_OWNER_TID);
    EXPECT_EQUAL(owner.pid, gettid());
    EXPECT_EQUAL(fcntl(ends[0], F_GETSIG), SIGUSR2);
    EXPECT_EQUAL(fcntl(ends[1], F_GETSIG), 0);
    EXPECT(fcntl(ends[0], F_SETFL, O_ASYNC) == 0);
    EXPECT_EQUAL(write(ends[1], "x", 1), 1);
    AWAIT(signals == 1);
}
