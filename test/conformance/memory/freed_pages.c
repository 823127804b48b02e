// SPDX-License-Identifier: Apache-2.0
// carried: MADV_FREE'd pages: what they were or zeros, and kept once written to
#include "memory.h"

#define SIZE (32 * PAGE)
static char* memory;
static uint64_t wanted[SIZE / 8];

static void setup(void) {
    memory = map_anonymous(SIZE);
    fill(memory, SIZE, 1);
    fill(wanted, SIZE, 1);
    if (madvise(memory, SIZE / 2, MADV_FREE) != 0) LACKS("MADV_FREE");
    // Written to again, it is not free any more.
    memory[0] ^= 1;
}

static void check(void) {
    await_turn();
    for (size_t i = PAGE; i < SIZE / 2; i += PAGE)
        EXPECT(zeroed(memory + i, PAGE) || memcmp(memory + i, (char*)wanted + i, PAGE) == 0);
    // Its other bytes may have been dropped just before that write.
    EXPECT(memory[0] == (((char*)wanted)[0] ^ 1) || memory[0] == 1);
    EXPECT(zeroed(memory + 8, PAGE - 8) || memcmp(memory + 8, wanted + 1, PAGE - 8) == 0);
    EXPECT(memcmp(memory + SIZE / 2, (char*)wanted + SIZE / 2, SIZE / 2) == 0);
    fill(memory, SIZE, 2 + in_child());
    EXPECT(filled(memory, SIZE, 2 + in_child()));
    end_turn();
}
