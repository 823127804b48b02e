// SPDX-License-Identifier: Apache-2.0
// carried: MAP_NORESERVE memory
#include "memory.h"

#define SIZE ((size_t)64 << 30)
static char* memory;

static void setup(void) {
    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED || !has_flag(memory, "nr")) LACKS("MAP_NORESERVE (vm.overcommit_memory is 2)");
    for (size_t i = 0; i < 64; i++) fill(memory + (i << 30), PAGE, i);
}

static void check(void) {
    await_turn();
    EXPECT(has_flag(memory, "nr"));
    for (size_t i = 0; i < 64; i++) {
        expect_own(memory + (i << 30), PAGE, i);
        EXPECT(zeroed(memory + (i << 30) + PAGE, PAGE));
        EXPECT(zeroed(memory + (i << 30) + (1 << 29), PAGE));
    }
    end_turn();
}
