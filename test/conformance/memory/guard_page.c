// SPDX-License-Identifier: Apache-2.0
// carried: guard page below a thread's stack
#include "memory.h"

#include <pthread.h>

#define STACK (256 * 1024)
static pthread_t thread;
static volatile bool go, deep_is_well;

static bool deep(int depth) {
    volatile char room[4096];
    for (size_t i = 0; i < sizeof room; i++) room[i] = (char)depth;
    const bool below = depth == 0 || deep(depth - 1);
    for (size_t i = 0; i < sizeof room; i++)
        if (room[i] != (char)depth) return false;
    return below;
}

static void* run(void* none) {
    while (!go) sleep_ms(1);
    deep_is_well = deep(40);
    return none;
}

static void setup(void) {
    pthread_attr_t attributes;
    EXPECT(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, STACK) == 0);
    EXPECT(pthread_attr_setguardsize(&attributes, 2 * PAGE) == 0);
    EXPECT(pthread_create(&thread, &attributes, run, NULL) == 0);
}

static void check(void) {
    pthread_attr_t attributes;
    void* stack;
    size_t size, guard;
    EXPECT(pthread_getattr_np(thread, &attributes) == 0);
    EXPECT(pthread_attr_getstack(&attributes, &stack, &size) == 0);
    EXPECT(pthread_attr_getguardsize(&attributes, &guard) == 0);
    EXPECT_EQUAL(guard, 2 * PAGE);
    // Whether the guard is within the stack's range or below is glibc's business: it is one mapping without access.
    char* edge = stack;
    while (has_permissions(edge, "---p")) edge += PAGE;
    EXPECT(has_permissions(edge, "rw-p"));
    for (size_t i = 1; i <= 2; i++) {
        EXPECT_EQUAL(fault_of(edge - i * PAGE, READS), SIGSEGV);
        EXPECT_EQUAL(fault_code, SEGV_ACCERR);
        EXPECT_EQUAL(fault_of(edge - (i - 1) * PAGE - 1, WRITES), SIGSEGV);
    }
    EXPECT_EQUAL(fault_of(edge, WRITES), 0);
    go = true;
    AWAIT(pthread_tryjoin_np(thread, NULL) == 0);
    EXPECT(deep_is_well);
}
