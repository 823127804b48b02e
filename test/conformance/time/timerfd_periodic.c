// SPDX-License-Identifier: Apache-2.0
// carried: timerfd, periodic
#include "timing.h"

#include <sys/timerfd.h>

#define INTERVAL (50 * MS)
static int file;
static int64_t earliest, latest, total;

static int64_t take(void) {
    uint64_t ticks = 0;
    const ssize_t got = read(file, &ticks, sizeof ticks);
    if (got == -1 && errno == EAGAIN) return total;
    EXPECT_EQUAL(got, sizeof ticks);
    return total += (int64_t)ticks;
}

static void setup(void) {
    file = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    EXPECT(file >= 0);
    const struct itimerspec periodic = to_itimerspec(INTERVAL, INTERVAL);
    earliest = now_ns(CLOCK_MONOTONIC) + INTERVAL;
    EXPECT(timerfd_settime(file, 0, &periodic, NULL) == 0);
    latest = now_ns(CLOCK_MONOTONIC) + INTERVAL;
    AWAIT(take() >= 3);
}

static void check(void) {
    struct itimerspec seen;
    EXPECT(timerfd_gettime(file, &seen) == 0);
    EXPECT_EQUAL(from_timespec(seen.it_interval), INTERVAL);
    EXPECT(from_timespec(seen.it_value) > 0 && from_timespec(seen.it_value) <= INTERVAL);
    const int64_t before = total;
    AWAIT(take() >= before + 5);
    const int64_t start = now_ns(CLOCK_MONOTONIC);
    const int64_t taken = take();
    EXPECT(taken <= (now_ns(CLOCK_MONOTONIC) - earliest) / INTERVAL + 1);
    /* The child was not there for some of them; nobody took the parent's. */
    if (!in_child()) EXPECT(taken >= (start - latest) / INTERVAL);
    AWAIT(take() >= taken + 10);
    const int64_t end = now_ns(CLOCK_MONOTONIC);
    EXPECT(total - taken <= (end - start) / INTERVAL + 1);
}
