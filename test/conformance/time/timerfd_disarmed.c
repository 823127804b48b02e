// SPDX-License-Identifier: Apache-2.0
// carried: timerfds, disarmed
#include "timing.h"

#include <poll.h>
#include <sys/timerfd.h>

static int never_armed, disarmed;

static void setup(void) {
    never_armed = timerfd_create(CLOCK_MONOTONIC, 0);
    disarmed = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    EXPECT(never_armed >= 0 && disarmed >= 0);
    const struct itimerspec long_time = to_itimerspec(900 * SECOND, 7 * SECOND), none = to_itimerspec(0, 0);
    EXPECT(timerfd_settime(disarmed, 0, &long_time, NULL) == 0);
    EXPECT(timerfd_settime(disarmed, 0, &none, NULL) == 0);
}

static void expect_works(int timer) {
    struct itimerspec seen;
    struct pollfd wanted = {timer, POLLIN, 0};
    uint64_t ticks = 0;
    EXPECT(timerfd_gettime(timer, &seen) == 0);
    EXPECT_EQUAL(from_timespec(seen.it_value), 0);
    EXPECT_EQUAL(from_timespec(seen.it_interval), 0);
    EXPECT_EQUAL(poll(&wanted, 1, 50), 0);
    const struct itimerspec soon = to_itimerspec(5 * MS, 0);
    EXPECT(timerfd_settime(timer, 0, &soon, NULL) == 0);
    EXPECT_EQUAL(poll(&wanted, 1, 10000), 1);
    EXPECT_EQUAL(read(timer, &ticks, sizeof ticks), sizeof ticks);
    EXPECT_EQUAL(ticks, 1);
}

static void check(void) {
    EXPECT_EQUAL(fcntl(never_armed, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQUAL(fcntl(never_armed, F_GETFD), 0);
    EXPECT_EQUAL(fcntl(disarmed, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    EXPECT_EQUAL(fcntl(disarmed, F_GETFD), FD_CLOEXEC);
    expect_works(never_armed);
    expect_works(disarmed);
}
