// SPDX-License-Identifier: Apache-2.0
// carried: PR_SET_THP_DISABLE
#include "memory.h"

#include <sys/prctl.h>

static void setup(void) {
    if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0) LACKS("PR_SET_THP_DISABLE");
}

static void check(void) {
    EXPECT_EQUAL(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 1);
    EXPECT(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0) == 0);
    EXPECT_EQUAL(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 0);
}
