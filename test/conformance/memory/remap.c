// SPDX-License-Identifier: Apache-2.0
// carried: mremap that grows, moves and shrinks what the child has not touched
#include "memory.h"

#define SIZE (32 * PAGE)
static char* memory;

static void setup(void) {
    memory = map_anonymous(SIZE);
    fill(memory, SIZE, 1);
}

static void check(void) {
    await_turn();
    EXPECT(memory[SIZE / 2] == (char)word_of(1, SIZE / 16));
    char* target = map_anonymous(4 * SIZE);
    char* old = memory;
    EXPECT(mremap(memory, SIZE, 2 * SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, target + SIZE) == target + SIZE);
    memory = target + SIZE;
    EXPECT_EQUAL(fault_of(old, READS), SIGSEGV);
    EXPECT_EQUAL(fault_code, SEGV_MAPERR);
    expect_own(memory, SIZE, 1);
    EXPECT(zeroed(memory + SIZE, SIZE));
    fill(memory + SIZE, SIZE, 2);
    EXPECT(zeroed(target, SIZE) && zeroed(target + 3 * SIZE, SIZE));
    char* grown = mremap(memory, 2 * SIZE, 64 * SIZE, MREMAP_MAYMOVE);
    EXPECT(grown != MAP_FAILED);
    EXPECT(filled(grown, SIZE, 1001 + in_child()));
    EXPECT(filled(grown + SIZE, SIZE, 2));
    EXPECT(zeroed(grown + 2 * SIZE, 62 * SIZE));
    EXPECT(mremap(grown, 64 * SIZE, PAGE, 0) == grown);
    EXPECT_EQUAL(fault_of(grown + PAGE, READS), SIGSEGV);
    EXPECT(filled(grown, PAGE, 1001 + in_child()));
    end_turn();
}
