/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/time_types.h>
#include <linux/timerfd.h>

#include "restorer/blob/objects/object.h"

#define FF_SECOND_NS 1000000000ULL
#define FF_CLOCK_REALTIME 0
#define FF_CLOCK_BOOTTIME 7
#define FF_CLOCK_REALTIME_ALARM 8
#define FF_CLOCK_BOOTTIME_ALARM 9
#define FF_EXPIRY_MS 10000

static const struct ff_timerfd* timerAt(const struct ff_context* context, uint32_t index) {
    return (const struct ff_timerfd*)ff_file_at(context, index)->bytes;
}

static int readableClock(int32_t clock) {
    if (clock == FF_CLOCK_REALTIME_ALARM) return FF_CLOCK_REALTIME;
    return clock == FF_CLOCK_BOOTTIME_ALARM ? FF_CLOCK_BOOTTIME : clock;
}

static uint64_t now(const struct ff_context* context, uint32_t index, int clock) {
    struct __kernel_timespec time;
    ff_check(context, FF_STEP_OBJECT, index, FF_CALL2(clock_gettime, clock, &time));
    return (uint64_t)time.tv_sec * FF_SECOND_NS + (uint64_t)time.tv_nsec;
}

static void set(const struct ff_context* context, uint32_t index, long fd, uint32_t flags, uint64_t value_ns) {
    const uint64_t interval_ns = timerAt(context, index)->interval_ns;
    const struct __kernel_itimerspec time = {
        .it_interval = {(long long)(interval_ns / FF_SECOND_NS), (long long)(interval_ns % FF_SECOND_NS)},
        .it_value = {(long long)(value_ns / FF_SECOND_NS), (long long)(value_ns % FF_SECOND_NS)}};
    ff_check(context, FF_STEP_OBJECT, index, FF_CALL4(timerfd_settime, fd, flags, &time, 0));
}

/* What was set for a time of its clock stays so, unless the clock here runs behind the parent's: then, as with all
 * others, what was left is left. */
static void start(const struct ff_context* context, uint32_t index, long fd) {
    const struct ff_timerfd* timer = timerAt(context, index);
    const int clock = readableClock(timer->clock);
    const uint32_t absolute = timer->settime_flags & TFD_TIMER_ABSTIME;
    if (absolute && timer->captured_at_ns != 0 && timer->left_ns != 0 &&
        (clock == FF_CLOCK_REALTIME || now(context, index, clock) >= timer->captured_at_ns)) {
        set(context, index, fd, timer->settime_flags, timer->captured_at_ns + timer->left_ns);
        return;
    }
    set(context, index, fd, timer->settime_flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET), timer->left_ns);
}

/* Kernels without CONFIG_CHECKPOINT_RESTORE have no TFD_IOC_SET_TICKS: a start so far in the past that as many periods
 * have passed since comes to the same. */
static void startInThePast(const struct ff_context* context, uint32_t index, long fd) {
    const struct ff_timerfd* timer = timerAt(context, index);
    uint64_t first_ns = 1;
    if (timer->interval_ns != 0) {
        const uint64_t next_ns = now(context, index, readableClock(timer->clock)) + timer->left_ns;
        if (timer->ticks >= next_ns / timer->interval_ns) ff_fail(context, FF_STEP_OBJECT, index, -ERANGE);
        first_ns = next_ns - timer->ticks * timer->interval_ns;
    }
    set(context, index, fd, TFD_TIMER_ABSTIME, first_ns);
    struct pollfd ready = {(int)fd, POLLIN, 0};
    if (ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(poll, &ready, 1, FF_EXPIRY_MS)) == 0)
        ff_fail(context, FF_STEP_OBJECT, index, -ETIMEDOUT);
}

void ff_arm_timerfd(const struct ff_context* context, uint32_t index, long fd) {
    const struct ff_timerfd* timer = timerAt(context, index);
    if (timer->left_ns != 0 || timer->interval_ns != 0 || timer->ticks == 0) start(context, index, fd);
    if (timer->ticks == 0) return;
    const long result = FF_CALL3(ioctl, fd, TFD_IOC_SET_TICKS, &timer->ticks);
    if (result == 0) return;
    if (result != -ENOTTY) ff_fail(context, FF_STEP_OBJECT, index, result);
    startInThePast(context, index, fd);
}

long ff_make_timerfd(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_file* file = ff_file_at(context, index);
    const long fd =
        ff_check(context, FF_STEP_OBJECT, index,
                 FF_CALL2(timerfd_create, timerAt(context, index)->clock, file->open_flags & (O_CLOEXEC | O_NONBLOCK)));
    ff_arm_timerfd(context, index, fd);
    return fd;
}
