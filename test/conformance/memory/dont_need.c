// SPDX-License-Identifier: Apache-2.0
// carried: MADV_DONTNEED after the fork reads zeros
#include "memory.h"

#define SIZE (32 * PAGE)
static char* memory;

static void setup(void) {
    memory = map_anonymous(SIZE);
    fill(memory, SIZE, 1);
    EXPECT(madvise(memory + 28 * PAGE, 4 * PAGE, MADV_DONTNEED) == 0);
}

static void check(void) {
    await_turn();
    EXPECT(zeroed(memory + 28 * PAGE, 4 * PAGE));
    // The first pages are dropped before the child has ever touched them, the next after it has read or written them.
    EXPECT(madvise(memory, 8 * PAGE, MADV_DONTNEED) == 0);
    EXPECT(zeroed(memory, 8 * PAGE));
    static uint64_t wanted[SIZE / 8];
    fill(wanted, SIZE, 1);
    EXPECT(memcmp(memory + 8 * PAGE, (char*)wanted + 8 * PAGE, 8 * PAGE) == 0);
    fill(memory + 12 * PAGE, 4 * PAGE, 2);
    EXPECT(madvise(memory + 8 * PAGE, 8 * PAGE, MADV_DONTNEED) == 0);
    EXPECT(zeroed(memory, 16 * PAGE));
    EXPECT(memcmp(memory + 16 * PAGE, (char*)wanted + 16 * PAGE, 12 * PAGE) == 0);
    fill(memory, SIZE, 3);
    EXPECT(filled(memory, SIZE, 3));
    EXPECT(madvise(memory, SIZE, MADV_DONTNEED) == 0);
    EXPECT(zeroed(memory, SIZE));
    end_turn();
}
