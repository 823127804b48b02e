// SPDX-License-Identifier: Apache-2.0
// carried: timerfds with expirations that are not read yet
#include "timing.h"

#include <poll.h>
#include <sys/timerfd.h>

#define INTERVAL (200 * SECOND)
static int once, periodic;
static int64_t next;

static bool readable(int timer) {
    struct pollfd wanted = {timer, POLLIN, 0};
    return poll(&wanted, 1, 0) == 1;
}

static void setup(void) {
    once = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    periodic = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
    EXPECT(once >= 0 && periodic >= 0);
    const struct itimerspec soon = to_itimerspec(1 * MS, 0);
    EXPECT(timerfd_settime(once, 0, &soon, NULL) == 0);
    /* Seven expirations, the last 100 s ago, the next in 100 s. */
    const int64_t first = now_ns(CLOCK_REALTIME) - 6 * INTERVAL - INTERVAL / 2;
    next = first + 7 * INTERVAL;
    const struct itimerspec past = to_itimerspec(first, INTERVAL);
    EXPECT(timerfd_settime(periodic, TFD_TIMER_ABSTIME, &past, NULL) == 0);
    AWAIT(readable(once) && readable(periodic));
}

static void expect_ticks(int timer, uint64_t wanted) {
    uint64_t ticks = 0;
    EXPECT(readable(timer));
    EXPECT_EQUAL(read(timer, &ticks, sizeof ticks), sizeof ticks);
    EXPECT_EQUAL(ticks, wanted);
    EXPECT(!readable(timer));
    EXPECT(read(timer, &ticks, sizeof ticks) == -1 && errno == EAGAIN);
}

static void check(void) {
    struct itimerspec seen;
    EXPECT(timerfd_gettime(once, &seen) == 0);
    EXPECT_EQUAL(from_timespec(seen.it_value), 0);
    expect_ticks(once, 1);
    expect_ticks(periodic, 7);
    EXPECT(timerfd_gettime(periodic, &seen) == 0);
    EXPECT_EQUAL(from_timespec(seen.it_interval), INTERVAL);
    expect_left(from_timespec(seen.it_value), CLOCK_REALTIME, next, INTERVAL / 2);
    const struct itimerspec soon = to_itimerspec(5 * MS, 0);
    EXPECT(timerfd_settime(once, 0, &soon, NULL) == 0);
    AWAIT(readable(once));
    expect_ticks(once, 1);
}
