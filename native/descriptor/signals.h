/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Pending signals and timers. Part of descriptor.h, and plain C as it. */
#ifndef FARFORK_DESCRIPTOR_SIGNALS_H
#define FARFORK_DESCRIPTOR_SIGNALS_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

#define FF_ITIMER_COUNT 3u

struct ff_siginfo { /* siginfo_t of x86-64: 128 bytes, the first int is the signal's number */
    uint64_t words[16];
};

struct ff_interval {
    uint64_t interval_ns;
    uint64_t left_ns; /* at the instant; 0: disarmed */
};

struct ff_posix_timer {
    int32_t id;
    int32_t clock;  /* clockid_t as timer_create took it; ids of CPU clocks are in the parent's own pid namespace */
    int32_t notify; /* SIGEV_* */
    int32_t signal;
    int32_t tid;    /* SIGEV_THREAD_ID, in the parent's own pid namespace */
    uint32_t flags; /* FF_TIMER_* */
    uint64_t value; /* sigev_value */
    struct ff_interval setting;
};

enum ff_timer_flag {
    FF_TIMER_SIGNALLED = 1u << 0 /* its signal is pending: it expires at once, which makes the signal anew */
};

#endif
