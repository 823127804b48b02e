// SPDX-License-Identifier: Apache-2.0
// carried: thread-local variables, keys with destructors, the gs base
#include "../conformance.h"

#include <asm/prctl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

enum { WORKERS = 3 };
static _Thread_local uint64_t tagged = 0x5151, zero;
static _Thread_local char wide[20000] __attribute__((aligned(64)));
static pthread_key_t keys[2];
static pthread_t threads[WORKERS];
static uint64_t gs_words[WORKERS + 1];
static uint64_t* tagged_at[WORKERS + 1];
static atomic_int set, destroyed[WORKERS + 1];

static void destroy(void* value) {
    destroyed[(int)(intptr_t)value - 100]++;
}

static void set_this(int i) {
    EXPECT_EQUAL(tagged, 0x5151);
    tagged = 1000 + (uint64_t)i;
    tagged_at[i] = &tagged;
    memset(wide, 'a' + i, sizeof wide);
    gs_words[i] = 0xabcd0000 + (uint64_t)i;
    EXPECT(syscall(SYS_arch_prctl, ARCH_SET_GS, &gs_words[i]) == 0);
    EXPECT(pthread_setspecific(keys[0], (void*)(intptr_t)(100 + i)) == 0);
    if (i == 0) EXPECT(pthread_setspecific(keys[1], &keys) == 0);
}

static void check_this(int i) {
    uint64_t *gs = NULL, *fs = NULL, word = 0;
    EXPECT(tagged_at[i] == &tagged);
    EXPECT_EQUAL(tagged, 1000 + i);
    EXPECT_EQUAL(zero, 0);
    for (size_t at = 0; at < sizeof wide; at++) EXPECT_EQUAL(wide[at], 'a' + i);
    EXPECT(syscall(SYS_arch_prctl, ARCH_GET_GS, &gs) == 0);
    EXPECT(gs == &gs_words[i]);
    __asm__ volatile("mov %%gs:0, %0" : "=r"(word));
    EXPECT_EQUAL(word, 0xabcd0000 + i);
    EXPECT(syscall(SYS_arch_prctl, ARCH_GET_FS, &fs) == 0);
    EXPECT(fs == __builtin_thread_pointer());
    EXPECT_EQUAL((intptr_t)pthread_getspecific(keys[0]), 100 + i);
    EXPECT(pthread_getspecific(keys[1]) == (i == 0 ? &keys : NULL));
}

static void* work(void* argument) {
    const int i = (int)(intptr_t)argument;
    set_this(i);
    set++;
    wait_for_go();
    check_this(i);
    return NULL;
}

static void* work_new(void* argument) {
    EXPECT_EQUAL(tagged, 0x5151);
    EXPECT(pthread_getspecific(keys[0]) == NULL);
    return argument;
}

static void setup(void) {
    EXPECT(pthread_key_create(&keys[0], destroy) == 0);
    EXPECT(pthread_key_create(&keys[1], NULL) == 0);
    for (int i = 0; i < WORKERS; i++) EXPECT(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
    AWAIT(set == WORKERS);
    set_this(WORKERS);
}

static void check(void) {
    check_this(WORKERS);
    for (int i = 0; i < WORKERS; i++) AWAIT(pthread_tryjoin_np(threads[i], NULL) == 0);
    for (int i = 0; i < WORKERS; i++) EXPECT_EQUAL(destroyed[i], 1);
    EXPECT_EQUAL(destroyed[WORKERS], 0);
    EXPECT(pthread_create(&threads[0], NULL, work_new, NULL) == 0);
    AWAIT(pthread_tryjoin_np(threads[0], NULL) == 0);
}
