// SPDX-License-Identifier: Apache-2.0
// carried: speculation control of a thread (PR_SET_SPECULATION_CTRL)
#include "../conformance.h"

#include <sys/prctl.h>
#include <linux/prctl.h>

static int before;

static void setup(void) {
    if (prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, PR_SPEC_FORCE_DISABLE, 0, 0) != 0)
        LACKS("a control of speculative store bypass");
    before = prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, 0, 0, 0);
    EXPECT(before & PR_SPEC_FORCE_DISABLE);
}

static void check(void) {
    EXPECT_EQUAL(prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, 0, 0, 0), before);
}
