// SPDX-License-Identifier: Apache-2.0
// carried: timerfd, a thread blocked in read()
#include "timing.h"

#include <pthread.h>
#include <sys/timerfd.h>

static int file;
static int64_t expiry;
static pthread_t thread;
static volatile pid_t tid;
static volatile int reads;
static volatile int64_t read_at;
static volatile ssize_t got;
static volatile uint64_t ticks;

static void* run(void* unused) {
    (void)unused;
    tid = gettid();
    for (int i = 0; i < 2; i++) {
        uint64_t seen = 0;
        got = read(file, &seen, sizeof seen);
        ticks = seen;
        read_at = now_ns(CLOCK_MONOTONIC);
        __atomic_add_fetch(&reads, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

static bool in_read(void) {
    char path[64], text[16] = {0};
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
    const int info = open(path, O_RDONLY);
    EXPECT(info >= 0);
    EXPECT(read(info, text, sizeof text - 1) > 0);
    EXPECT(close(info) == 0);
    return strncmp(text, "0 ", 2) == 0;
}

static void setup(void) {
    file = timerfd_create(CLOCK_MONOTONIC, 0);
    EXPECT(file >= 0);
    const struct itimerspec once = to_itimerspec(LONG, 0);
    expiry = now_ns(CLOCK_MONOTONIC) + LONG;
    EXPECT(timerfd_settime(file, 0, &once, NULL) == 0);
    EXPECT(pthread_create(&thread, NULL, run, NULL) == 0);
    AWAIT(tid != 0 && in_read());
}

static void check(void) {
    AWAIT(reads >= 1);
    EXPECT_EQUAL(got, sizeof ticks);
    EXPECT_EQUAL(ticks, 1);
    EXPECT(read_at >= expiry - ROUNDING);
    AWAIT(in_read());
    EXPECT_EQUAL(reads, 1);
    const struct itimerspec soon = to_itimerspec(5 * MS, 0);
    EXPECT(timerfd_settime(file, 0, &soon, NULL) == 0);
    AWAIT(reads == 2);
    EXPECT_EQUAL(got, sizeof ticks);
    EXPECT_EQUAL(ticks, 1);
    EXPECT(pthread_join(thread, NULL) == 0);
}
