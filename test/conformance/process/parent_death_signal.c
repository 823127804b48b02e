// SPDX-License-Identifier: Apache-2.0
// carried: parent-death signal, which stays set and does not fire
#include "../conformance.h"

#include <sys/prctl.h>

static volatile sig_atomic_t fired;

static void on_death(int signal) {
    (void)signal;
    fired++;
}

static void setup(void) {
    EXPECT(signal(SIGUSR2, on_death) != SIG_ERR);
    EXPECT(prctl(PR_SET_PDEATHSIG, SIGUSR2) == 0);
}

static void check(void) {
    int seen = 0;
    EXPECT(prctl(PR_GET_PDEATHSIG, &seen) == 0);
    EXPECT_EQUAL(seen, SIGUSR2);
    EXPECT_EQUAL(fired, 0);
    EXPECT(raise(SIGUSR2) == 0);
    EXPECT_EQUAL(fired, 1);
    EXPECT(prctl(PR_SET_PDEATHSIG, 0) == 0);
    EXPECT(prctl(PR_GET_PDEATHSIG, &seen) == 0);
    EXPECT_EQUAL(seen, 0);
}
