// SPDX-License-Identifier: Apache-2.0
// carried: process that may not be dumped (PR_SET_DUMPABLE 0)
#include "../conformance.h"

#include <sys/prctl.h>
#include <sys/wait.h>

static void setup(void) {
    EXPECT(prctl(PR_SET_DUMPABLE, 0) == 0);
}

static void check(void) {
    EXPECT_EQUAL(prctl(PR_GET_DUMPABLE), 0);
    const pid_t kid = fork();
    if (kid == 0) _exit(prctl(PR_GET_DUMPABLE) == 0 ? 7 : 8);
    int status;
    EXPECT_EQUAL(waitpid(kid, &status, 0), kid);
    EXPECT(WIFEXITED(status));
    EXPECT_EQUAL(WEXITSTATUS(status), 7);
    EXPECT(prctl(PR_SET_DUMPABLE, 1) == 0);
    EXPECT_EQUAL(prctl(PR_GET_DUMPABLE), 1);
}
