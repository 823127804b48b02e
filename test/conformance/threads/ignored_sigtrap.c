// SPDX-License-Identifier: Apache-2.0
// carried: ignored SIGTRAP
#include "../conformance.h"

static volatile int traps;

static void note(int number) {
    traps += number == SIGTRAP;
}

static void setup(void) {
    EXPECT(signal(SIGTRAP, SIG_IGN) != SIG_ERR);
}

static void check(void) {
    struct sigaction now;
    EXPECT(sigaction(SIGTRAP, NULL, &now) == 0);
    EXPECT(now.sa_handler == SIG_IGN);
    EXPECT(raise(SIGTRAP) == 0);
    EXPECT(kill(getpid(), SIGTRAP) == 0);
    sigset_t pending;
    EXPECT(sigpending(&pending) == 0);
    EXPECT_EQUAL(sigismember(&pending, SIGTRAP), 0);
    EXPECT(signal(SIGTRAP, note) == SIG_IGN);
    __asm__ volatile("int3");
    EXPECT_EQUAL(traps, 1);
}
