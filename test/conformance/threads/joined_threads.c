// SPDX-License-Identifier: Apache-2.0
// carried: main thread and another in pthread_join
#define CONFORMANCE_OWN_WAIT
#include "../conformance.h"

#include <pthread.h>
#include <stdatomic.h>

static pthread_t sleeper, joiner, runner, watch;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static atomic_int joining, joined;
static char sleeper_result, runner_result;

static void await_go(void) {
    while (!go_seen()) sleep_ms(5);
}

static void* sleep_at_gate(void* argument) {
    EXPECT(pthread_mutex_lock(&gate) == 0);
    EXPECT(pthread_mutex_unlock(&gate) == 0);
    return argument;
}

static void* join_sleeper(void* argument) {
    void* result = NULL;
    joining = 1;
    EXPECT(pthread_join(sleeper, &result) == 0);
    EXPECT(result == &sleeper_result);
    joined = 1;
    return argument;
}

static void* run(void* argument) {
    EXPECT(pthread_mutex_lock(&gate) == 0);
    EXPECT(pthread_create(&sleeper, NULL, sleep_at_gate, &sleeper_result) == 0);
    EXPECT(pthread_create(&joiner, NULL, join_sleeper, NULL) == 0);
    await_go();
    EXPECT(joining && !joined);
    EXPECT_EQUAL(pthread_tryjoin_np(joiner, NULL), EBUSY);
    EXPECT(pthread_mutex_unlock(&gate) == 0);
    AWAIT(joined);
    AWAIT(pthread_tryjoin_np(joiner, NULL) == 0);
    return argument;
}

/* A join that nobody ends would hang; this thread cannot tell more than that. */
static void* watch_main(void* argument) {
    await_go();
    sleep_ms(12000);
    FAIL("the main thread never joined");
    return argument;
}

static void setup(void) {
    EXPECT(pthread_create(&runner, NULL, run, &runner_result) == 0);
    EXPECT(pthread_create(&watch, NULL, watch_main, NULL) == 0);
    AWAIT(joining);
}

static void wait_for_go(void) {
    void* result = NULL;
    EXPECT(pthread_join(runner, &result) == 0);
    EXPECT(result == &runner_result);
}

static void check(void) {
    EXPECT(go_seen());
    EXPECT(joined);
}
