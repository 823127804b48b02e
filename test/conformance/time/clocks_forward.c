// SPDX-License-Identifier: Apache-2.0
// carried: CLOCK_MONOTONIC and CLOCK_BOOTTIME never run backwards
#define CONFORMANCE_OWN_WAIT
#include "timing.h"

#include <sys/syscall.h>

#define SLACK (20 * MS) /* a coarse clock's tick */
static const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME};
#define CLOCKS 4
static int64_t last_vdso[CLOCKS], last_syscall[CLOCKS];

static int64_t by_syscall(clockid_t clock) {
    struct timespec time;
    EXPECT(syscall(SYS_clock_gettime, clock, &time) == 0);
    return from_timespec(time);
}

static void look(void) {
    for (int i = 0; i < CLOCKS; i++) {
        const int64_t before = by_syscall(clocks[i]), vdso = now_ns(clocks[i]), after = by_syscall(clocks[i]);
        if (vdso < last_vdso[i]) FAIL("clock %d went back by %" PRId64 " ns", clocks[i], last_vdso[i] - vdso);
        if (before < last_syscall[i] || after < before) FAIL("clock %d went back in a system call", clocks[i]);
        last_vdso[i] = vdso;
        last_syscall[i] = after;
        /* The vdso and the kernel tell the same time. */
        EXPECT(vdso >= before - SLACK && vdso <= after + SLACK);
    }
}

static void setup(void) {
    look();
}

/* Looks all the time, in the vdso for the most part: whenever it is captured, the last value is just behind. */
static void wait_for_go(void) {
    while (!go_seen()) {
        for (int i = 0; i < 500; i++) {
            const int which = i % CLOCKS;
            const int64_t now = now_ns(clocks[which]);
            if (now < last_vdso[which]) FAIL("clock %d went back", clocks[which]);
            last_vdso[which] = now;
        }
        look();
        sleep_ms(1);
    }
}

static void check(void) {
    for (int i = 0; i < 100; i++) look();
    const int64_t monotonic = now_ns(CLOCK_MONOTONIC), boottime = now_ns(CLOCK_BOOTTIME);
    EXPECT(boottime >= monotonic);
    AWAIT(now_ns(CLOCK_MONOTONIC) > monotonic + 20 * MS && now_ns(CLOCK_BOOTTIME) > boottime + 20 * MS);
    look();
}
