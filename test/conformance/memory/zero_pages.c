// SPDX-License-Identifier: Apache-2.0
// carried: pages that were never written to are zero
#include "memory.h"

#define SIZE ((size_t)32 << 20)
#define STRIDE (64 * PAGE)
static char *memory, *read_only;

static void setup(void) {
    memory = map_anonymous(SIZE);
    read_only = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(read_only != MAP_FAILED);
    // Some written, some only read, the others never touched.
    for (size_t i = 0; i < SIZE; i += STRIDE) {
        fill(memory + i, PAGE, i / STRIDE);
        EXPECT(zeroed(memory + i + 2 * PAGE, PAGE) && zeroed(read_only + i, PAGE));
    }
}

static void check(void) {
    await_turn();
    for (size_t i = 0; i < SIZE; i += STRIDE) {
        EXPECT(zeroed(memory + i + PAGE, STRIDE - PAGE));
        expect_own(memory + i, PAGE, i / STRIDE);
        fill(memory + i + 2 * PAGE, PAGE, 7);
        fill(memory + i + 9 * PAGE, PAGE, 8);
        EXPECT(filled(memory + i + 2 * PAGE, PAGE, 7) && filled(memory + i + 9 * PAGE, PAGE, 8));
        EXPECT(zeroed(memory + i + 10 * PAGE, STRIDE - 10 * PAGE));
    }
    EXPECT(zeroed(read_only, SIZE));
    EXPECT_EQUAL(fault_of(read_only, WRITES), SIGSEGV);
    end_turn();
}
