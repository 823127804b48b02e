// SPDX-License-Identifier: Apache-2.0
// carried: nanosleep, of which a part is left
#define CONFORMANCE_OWN_WAIT
#include "timing.h"

static int64_t slept_at, woken;
static int result = -1;

static void setup(void) {}

/* Once, not again after EINTR: whoever sleeps without signal handlers does not expect that. */
static void wait_for_go(void) {
    const struct timespec time = to_timespec(LONG);
    struct timespec left;
    slept_at = now_ns(CLOCK_MONOTONIC);
    result = nanosleep(&time, &left);
    woken = now_ns(CLOCK_MONOTONIC);
    while (!go_seen()) sleep_ms(5);
}

static void check(void) {
    EXPECT_EQUAL(result, 0);
    EXPECT(woken - slept_at >= LONG - ROUNDING);
    EXPECT(woken - slept_at < LONG + 8 * SECOND);
}
