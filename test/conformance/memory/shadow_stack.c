// SPDX-License-Identifier: Apache-2.0
// carried: thread with a shadow stack
#include "memory.h"

#include <pthread.h>
#include <sys/syscall.h>

#define SHSTK_ENABLE 0x5001 /* asm/prctl.h, Linux 6.6 */
#define SHSTK_DISABLE 0x5002
#define SHSTK_STATUS 0x5005
#define SHSTK 1ul
static pthread_t thread;
static _Atomic int state; /* 1: has one, 2: there is none, 3: told to check, 4: well */

// Inline: a function that has returned before there is a shadow stack cannot return with one.
static inline __attribute__((always_inline)) long arch_prctl_inline(long option, unsigned long argument) {
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(SYS_arch_prctl), "D"(option), "S"(argument)
                     : "rcx", "r11", "memory");
    return result;
}

static __attribute__((noinline)) int nested(int depth) {
    while (depth == 0 && state != 3) sleep_ms(1);
    return depth == 0 ? 0 : 1 + nested(depth - 1);
}

static void* run(void* none) {
    if (arch_prctl_inline(SHSTK_ENABLE, SHSTK) != 0) {
        state = 2;
        return none;
    }
    state = 1;
    // It returns through frames whose shadow is from before the fork.
    const int depth = nested(20);
    unsigned long features = 0, pointer = 0;
    const long asked = arch_prctl_inline(SHSTK_STATUS, (unsigned long)&features);
    __asm__ volatile("rdsspq %0" : "+r"(pointer));
    if (depth == 20 && asked == 0 && features & SHSTK && pointer != 0 && has_flag((void*)pointer, "ss")) state = 4;
    arch_prctl_inline(SHSTK_DISABLE, SHSTK);
    return none;
}

static void setup(void) {
    EXPECT(pthread_create(&thread, NULL, run, NULL) == 0);
    AWAIT(state != 0);
    if (state == 2) LACKS("shadow stacks");
}

static void check(void) {
    state = 3;
    AWAIT(pthread_tryjoin_np(thread, NULL) == 0);
    EXPECT_EQUAL(state, 4);
}
