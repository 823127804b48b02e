// SPDX-License-Identifier: Apache-2.0
// carried: x87 stack, control and status, MXCSR and XMM registers of a thread that computes
#include "../conformance.h"

#include <pthread.h>
#include <stdatomic.h>

static pthread_t thread;
static atomic_int spinning, release;

/* Round down, 53 bits, all masked; round up, flush to zero, all masked. */
static const uint16_t control = 0x067f;
static const uint32_t mxcsr = 0xdf80;
static const double one = 1, three = 3, zero;

static void* work(void* argument) {
    uint8_t in[16][16], out[16][16] = {0};
    long double stack[3] = {0};
    uint32_t mxcsr_seen = 0;
    uint16_t control_seen = 0, status_seen = 0;
    for (int i = 0; i < 256; i++) in[i / 16][i % 16] = (uint8_t)(i * 7 + 3);
    __asm__ volatile(
        "fninit\n fldcw %[control]\n ldmxcsr %[mxcsr]\n"
        /* st0 = 1/0: infinity and ZE; st1 = 1/3 rounded down: PE; st2 = pi */
        "fldpi\n fldl %[one]\n fdivl %[three]\n fldl %[one]\n fdivl %[zero]\n"
        /* 1/0 sets ZE in MXCSR also. */
        "movsd %[one], %%xmm0\n divsd %[zero], %%xmm0\n"
        ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n movdqu 16*\\n(%[in]), %%xmm\\n\n .endr\n"
        "movl $1, %[spinning]\n 1: pause\n cmpl $0, %[release]\n je 1b\n"
        ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n movdqu %%xmm\\n, 16*\\n(%[out])\n .endr\n"
        "stmxcsr %[mxcsr_seen]\n fnstcw %[control_seen]\n fnstsw %[status_seen]\n"
        "fstpt (%[stack])\n fstpt 16(%[stack])\n fstpt 32(%[stack])\n"
        "fninit\n ldmxcsr %[usual]\n"
        : [spinning] "=m"(spinning), [mxcsr_seen] "=m"(mxcsr_seen), [control_seen] "=m"(control_seen),
          [status_seen] "=m"(status_seen)
        : [in] "r"(in), [out] "r"(out), [stack] "r"(stack), [control] "m"(control), [mxcsr] "m"(mxcsr), [one] "m"(one),
          [three] "m"(three), [zero] "m"(zero), [release] "m"(release), [usual] "m"((const uint32_t){0x1f80})
        : "memory", "cc", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)", "xmm0", "xmm1", "xmm2",
          "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    EXPECT(memcmp(in, out, sizeof in) == 0);
    EXPECT_EQUAL(mxcsr_seen, mxcsr | 4);
    EXPECT_EQUAL(control_seen, control);
    EXPECT_EQUAL(status_seen & 0x3fff, 0x2824);
    EXPECT(stack[0] == __builtin_infl());
    EXPECT(stack[1] == (long double)(1.0 / 3.0));
    EXPECT(stack[2] > 3.141592653589793L && stack[2] < 3.1415926535897936L);
    return argument;
}

static void setup(void) {
    EXPECT(pthread_create(&thread, NULL, work, NULL) == 0);
    AWAIT(spinning);
}

static void check(void) {
    release = 1;
    AWAIT(pthread_tryjoin_np(thread, NULL) == 0);
}
