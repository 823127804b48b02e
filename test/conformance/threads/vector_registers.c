// SPDX-License-Identifier: Apache-2.0
// carried: AVX and AVX-512 registers of threads that compute
#include "../conformance.h"

#include <pthread.h>
#include <stdatomic.h>

enum { AVX, AVX512, THREADS };
static pthread_t threads[THREADS];
static bool has[THREADS];
static atomic_int spinning[THREADS], release;

#define CLOBBERED                                                                                                     \
    "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", \
        "xmm12", "xmm13", "xmm14", "xmm15"
#define SPIN "movl $1, (%2)\n 1: pause\n cmpl $0, (%3)\n je 1b\n"
#define LOW "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"
#define HIGH "16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31"

static void spin_avx(const uint8_t* in, uint8_t* out) {
    __asm__ volatile(".irp n," LOW "\n vmovdqu 32*\\n(%0), %%ymm\\n\n .endr\n" SPIN ".irp n," LOW
                     "\n vmovdqu %%ymm\\n, 32*\\n(%1)\n .endr\n vzeroupper\n"
                     :
                     : "r"(in), "r"(out), "r"(&spinning[AVX]), "r"(&release)
                     : CLOBBERED);
}

/* The compiler does not use registers 16 to 31 and the masks: it does not know of AVX-512 here. */
static void spin_avx512(const uint8_t* in, uint8_t* out) {
    __asm__ volatile(".irp n," LOW "," HIGH
                     "\n vmovdqu64 64*\\n(%0), %%zmm\\n\n .endr\n"
                     ".irp n,0,1,2,3,4,5,6,7\n kmovw 2048+8*\\n(%0), %%k\\n\n .endr\n" SPIN ".irp n," LOW "," HIGH
                     "\n vmovdqu64 %%zmm\\n, 64*\\n(%1)\n .endr\n"
                     ".irp n,0,1,2,3,4,5,6,7\n kmovw %%k\\n, 2048+8*\\n(%1)\n .endr\n vzeroupper\n"
                     :
                     : "r"(in), "r"(out), "r"(&spinning[AVX512]), "r"(&release)
                     : CLOBBERED);
}

static void* work(void* argument) {
    const int i = (int)(intptr_t)argument;
    static uint8_t in[THREADS][2048 + 64], out[THREADS][2048 + 64];
    for (size_t at = 0; at < sizeof in[i]; at++) in[i][at] = (uint8_t)(at * 31 + at / 256 + 1 + (size_t)i);
    (i == AVX ? spin_avx : spin_avx512)(in[i], out[i]);
    if (i == AVX) EXPECT(memcmp(in[i], out[i], 512) == 0);
    if (i == AVX512) EXPECT(memcmp(in[i], out[i], 2048) == 0);
    for (int mask = 0; i == AVX512 && mask < 8; mask++)
        EXPECT(memcmp(in[i] + 2048 + 8 * mask, out[i] + 2048 + 8 * mask, 2) == 0);
    return NULL;
}

static void setup(void) {
    has[AVX] = __builtin_cpu_supports("avx");
    has[AVX512] = __builtin_cpu_supports("avx512f");
    if (!has[AVX]) LACKS("AVX");
    for (int i = 0; i < THREADS; i++) {
        if (!has[i]) continue;
        EXPECT(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
        AWAIT(spinning[i]);
    }
}

static void check(void) {
    release = 1;
    for (int i = 0; i < THREADS; i++) AWAIT(!has[i] || pthread_tryjoin_np(threads[i], NULL) == 0);
}
