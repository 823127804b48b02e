// SPDX-License-Identifier: Apache-2.0
// carried: timerfd, one-shot, with a duplicate
#define WATCH
#include "timing.h"

#include <poll.h>
#include <sys/timerfd.h>

static int file, duplicate;
static int64_t expiry, least_left;

static int64_t left_of(int timer) {
    struct itimerspec seen;
    EXPECT(timerfd_gettime(timer, &seen) == 0);
    return from_timespec(seen.it_value);
}

static bool readable(int timer) {
    struct pollfd wanted = {timer, POLLIN, 0};
    return poll(&wanted, 1, 0) == 1;
}

static void setup(void) {
    file = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    EXPECT(file >= 0);
    duplicate = dup(file);
    EXPECT(duplicate >= 0);
    const struct itimerspec once = to_itimerspec(LONG, 0);
    expiry = now_ns(CLOCK_MONOTONIC) + LONG;
    EXPECT(timerfd_settime(file, 0, &once, NULL) == 0);
    AWAIT(left_of(file) < LONG - PASSED);
    least_left = left_of(file);
}

static void watch(void) {
    least_left = shrunk(left_of(file), least_left);
}

static void check(void) {
    uint64_t ticks = 0;
    const int64_t left = left_of(file);
    if (left != 0) expect_left(left, CLOCK_MONOTONIC, expiry, least_left);
    EXPECT(fcntl(file, F_GETFL) & O_NONBLOCK);
    EXPECT_EQUAL(fcntl(file, F_GETFD), FD_CLOEXEC);
    EXPECT_EQUAL(fcntl(duplicate, F_GETFD), 0);
    AWAIT(readable(duplicate));
    EXPECT(now_ns(CLOCK_MONOTONIC) >= expiry - ROUNDING);
    EXPECT(readable(file));
    EXPECT_EQUAL(read(duplicate, &ticks, sizeof ticks), sizeof ticks);
    EXPECT_EQUAL(ticks, 1);
    EXPECT(read(file, &ticks, sizeof ticks) == -1 && errno == EAGAIN);
    EXPECT_EQUAL(left_of(file), 0);
    const struct itimerspec later = to_itimerspec(100 * SECOND, 0), soon = to_itimerspec(5 * MS, 0);
    EXPECT(timerfd_settime(file, 0, &later, NULL) == 0);
    EXPECT(left_of(duplicate) > 90 * SECOND);
    EXPECT(timerfd_settime(duplicate, 0, &soon, NULL) == 0);
    AWAIT(readable(file));
}
