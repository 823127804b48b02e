// SPDX-License-Identifier: Apache-2.0
// carried: 1 TiB of address space reserved, some pages of it in use
#include "memory.h"

#define SIZE ((size_t)1 << 40)
#define STRIDE (SIZE / 16)
static char* memory;

static void setup(void) {
    memory = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) LACKS("1 TiB of address space");
    for (size_t i = 0; i < 16; i++) {
        EXPECT(mprotect(memory + i * STRIDE, 2 * PAGE, PROT_READ | PROT_WRITE) == 0);
        fill(memory + i * STRIDE, PAGE, i);
    }
}

static void check(void) {
    await_turn();
    for (size_t i = 0; i < 16; i++) {
        char* at = memory + i * STRIDE;
        expect_own(at, PAGE, i);
        EXPECT(zeroed(at + PAGE, PAGE));
        EXPECT_EQUAL(fault_of(at + 2 * PAGE, READS), SIGSEGV);
        EXPECT_EQUAL(fault_code, SEGV_ACCERR);
        EXPECT_EQUAL(fault_of(at + STRIDE - 1, READS), SIGSEGV);
        EXPECT_EQUAL(fault_code, SEGV_ACCERR);
        EXPECT(mprotect(at + STRIDE / 2, PAGE, PROT_READ | PROT_WRITE) == 0);
        EXPECT(zeroed(at + STRIDE / 2, PAGE));
        fill(at + STRIDE / 2, PAGE, 7);
        EXPECT(filled(at + STRIDE / 2, PAGE, 7));
    }
    end_turn();
}
