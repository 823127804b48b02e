// SPDX-License-Identifier: Apache-2.0
// carried: poll, ppoll, select and pselect in progress
#include "../conformance.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/select.h>

enum { POLL, PPOLL, SELECT, PSELECT, FED_POLL, FED_SELECT, THREADS, SECONDS = 3 };
static int quiet[2], fed[2];
static pthread_t threads[THREADS];
static atomic_int started, returned[THREADS];

static int64_t now(void) {
    struct timespec time;
    EXPECT(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static void* work(void* argument) {
    const int i = (int)(intptr_t)argument;
    struct pollfd one = {.fd = i == FED_POLL ? fed[0] : quiet[0], .events = POLLIN};
    struct timespec span = {.tv_sec = SECONDS};
    struct timeval span_us = {.tv_sec = SECONDS};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(i == FED_SELECT ? fed[0] : quiet[0], &set);
    const int64_t limit = now() + SECONDS * 1000000000ll;
    int result = -1;
    started++;
    if (i == POLL) result = poll(&one, 1, SECONDS * 1000);
    if (i == PPOLL) result = ppoll(&one, 1, &span, NULL);
    if (i == SELECT) result = select(quiet[0] + 1, &set, NULL, NULL, &span_us);
    if (i == PSELECT) result = pselect(quiet[0] + 1, &set, NULL, NULL, &span, NULL);
    if (i == FED_POLL) result = poll(&one, 1, -1);
    if (i == FED_SELECT) result = select(fed[0] + 1, &set, NULL, NULL, NULL);
    if (result < 0) FAIL("wait %d ended with %s", i, strerror(errno));
    EXPECT_EQUAL(result, i >= FED_POLL);
    if (i < FED_POLL && now() < limit) FAIL("wait %d ended early", i);
    if (i == FED_POLL) EXPECT_EQUAL(one.revents, POLLIN);
    if (i == FED_SELECT) EXPECT(FD_ISSET(fed[0], &set));
    returned[i] = 1;
    return NULL;
}

static void setup(void) {
    EXPECT(pipe(quiet) == 0 && pipe(fed) == 0);
    for (int i = 0; i < THREADS; i++) EXPECT(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
    AWAIT(started == THREADS);
}

static void check(void) {
    for (int i = 0; i < FED_POLL; i++) AWAIT(returned[i]);
    EXPECT(!returned[FED_POLL] && !returned[FED_SELECT]);
    EXPECT_EQUAL(write(fed[1], "x", 1), 1);
    for (int i = 0; i < THREADS; i++) AWAIT(pthread_tryjoin_np(threads[i], NULL) == 0);
}
