// SPDX-License-Identifier: Apache-2.0
// carried: timerfd of CLOCK_REALTIME, absolute, with TFD_TIMER_CANCEL_ON_SET
#include "timing.h"

#include <poll.h>
#include <sys/timerfd.h>

static int file;
static int64_t expiry;

static void expect_fdinfo(const char* line) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", file);
    const int info = open(path, O_RDONLY);
    EXPECT(info >= 0);
    const ssize_t got = read(info, text, sizeof text - 1);
    EXPECT(got > 0);
    text[got] = '\0';
    EXPECT(close(info) == 0);
    if (strstr(text, line) == NULL) FAIL("no \"%s\" in %s", line, text);
}

static bool readable(void) {
    struct pollfd wanted = {file, POLLIN, 0};
    return poll(&wanted, 1, 0) == 1;
}

static void setup(void) {
    file = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
    EXPECT(file >= 0);
    expiry = now_ns(CLOCK_REALTIME) + LONG;
    const struct itimerspec at = to_itimerspec(expiry, 0);
    EXPECT(timerfd_settime(file, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL) == 0);
    expect_fdinfo("settime flags: 03\n");
}

static void check(void) {
    struct itimerspec seen;
    uint64_t ticks = 0;
    /* To set the machine's clock is not for a test: the flag has to do. */
    expect_fdinfo("settime flags: 03\n");
    expect_fdinfo("clockid: 0\n");
    const int64_t most = expiry - now_ns(CLOCK_REALTIME);
    EXPECT(timerfd_gettime(file, &seen) == 0);
    /* Absolute: the time between capture and resume is not added. */
    const int64_t left = from_timespec(seen.it_value);
    if (left != 0) expect_left(left, CLOCK_REALTIME, expiry, most + 50 * MS);
    AWAIT(readable());
    EXPECT(now_ns(CLOCK_REALTIME) >= expiry - ROUNDING);
    EXPECT_EQUAL(read(file, &ticks, sizeof ticks), sizeof ticks);
    EXPECT_EQUAL(ticks, 1);
    EXPECT(!readable());
}
