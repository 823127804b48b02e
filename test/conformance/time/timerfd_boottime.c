// SPDX-License-Identifier: Apache-2.0
// carried: timerfd of CLOCK_BOOTTIME, armed with TFD_TIMER_ABSTIME
#define WATCH
#include "timing.h"

#include <poll.h>
#include <sys/timerfd.h>

static int file;
static int64_t expiry, least_left;

static int64_t left_of(int timer) {
    struct itimerspec seen;
    EXPECT(timerfd_gettime(timer, &seen) == 0);
    return from_timespec(seen.it_value);
}

static bool readable(void) {
    struct pollfd wanted = {file, POLLIN, 0};
    return poll(&wanted, 1, 0) == 1;
}

static void setup(void) {
    file = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK);
    EXPECT(file >= 0);
    expiry = now_ns(CLOCK_BOOTTIME) + LONG;
    const struct itimerspec at = to_itimerspec(expiry, 0);
    EXPECT(timerfd_settime(file, TFD_TIMER_ABSTIME, &at, NULL) == 0);
    AWAIT(left_of(file) < LONG - PASSED);
    least_left = left_of(file);
}

static void watch(void) {
    least_left = shrunk(left_of(file), least_left);
}

static void check(void) {
    uint64_t ticks = 0;
    const int64_t most = expiry - now_ns(CLOCK_BOOTTIME);
    const int64_t left = left_of(file);
    if (left != 0) expect_left(left, CLOCK_BOOTTIME, expiry, least_left);
    /* Absolute: where the child's clock goes on, so does the distance to it. */
    if (left != 0) EXPECT(left <= most + 50 * MS);
    AWAIT(readable());
    EXPECT(now_ns(CLOCK_BOOTTIME) >= expiry - ROUNDING);
    EXPECT_EQUAL(read(file, &ticks, sizeof ticks), sizeof ticks);
    EXPECT_EQUAL(ticks, 1);
    EXPECT(!readable());
    const int64_t later = now_ns(CLOCK_BOOTTIME) + 100 * SECOND;
    const struct itimerspec at = to_itimerspec(later, 0);
    EXPECT(timerfd_settime(file, TFD_TIMER_ABSTIME, &at, NULL) == 0);
    expect_left(left_of(file), CLOCK_BOOTTIME, later, 100 * SECOND);
}
