// SPDX-License-Identifier: Apache-2.0
// policy: CPU clocks, of which a child's count its own time
#include "timing.h"

#include <pthread.h>
#include <sys/resource.h>

#define SLACK (30 * MS)
static int64_t at_ready;
static pthread_t idle;
static volatile bool done;

static void* run(void* unused) {
    (void)unused;
    while (!done) sleep_ms(20);
    return NULL;
}

static void setup(void) {
    EXPECT(pthread_create(&idle, NULL, run, NULL) == 0);
    BURN_UNTIL(now_ns(CLOCK_PROCESS_CPUTIME_ID) > 500 * MS);
    at_ready = now_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static void check(void) {
    const int64_t start = now_ns(CLOCK_PROCESS_CPUTIME_ID), wall = now_ns(CLOCK_MONOTONIC);
    EXPECT(start > 0);
    if (in_child()) {
        EXPECT(start < at_ready);
    } else {
        EXPECT(start >= at_ready);
    }
    BURN_UNTIL(now_ns(CLOCK_PROCESS_CPUTIME_ID) > start + 100 * MS);
    EXPECT(now_ns(CLOCK_MONOTONIC) - wall > 80 * MS);

    const int64_t before = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    struct rusage usage;
    EXPECT(getrusage(RUSAGE_SELF, &usage) == 0);
    const int64_t used = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * SECOND +
                         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
    clockid_t by_pid, by_thread, other;
    EXPECT(clock_getcpuclockid(getpid(), &by_pid) == 0);
    EXPECT(pthread_getcpuclockid(pthread_self(), &by_thread) == 0);
    EXPECT(pthread_getcpuclockid(idle, &other) == 0);
    const int64_t of_pid = now_ns(by_pid), of_thread = now_ns(by_thread), of_other = now_ns(other);
    const int64_t after = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    EXPECT(used >= before - SLACK && used <= after + SLACK);
    EXPECT(of_pid >= before && of_pid <= after);
    EXPECT(of_thread >= 90 * MS && of_thread <= after);
    EXPECT(of_other < of_thread && of_other + of_thread <= after + SLACK);
    done = true;
    EXPECT(pthread_join(idle, NULL) == 0);
}
