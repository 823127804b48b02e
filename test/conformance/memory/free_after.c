// SPDX-License-Identifier: Apache-2.0
// carried: MADV_FREE after the fork
#include "memory.h"

#define SIZE (16 * PAGE)
static char* memory;
static uint64_t wanted[SIZE / 8];

static void setup(void) {
    memory = map_anonymous(SIZE);
    fill(memory, SIZE, 1);
    fill(wanted, SIZE, 1);
    char* other = map_anonymous(PAGE);
    if (madvise(other, PAGE, MADV_FREE) != 0) LACKS("MADV_FREE");
}

static void check(void) {
    EXPECT(filled(memory, SIZE, 1));
    EXPECT(madvise(memory, SIZE / 2, MADV_FREE) == 0);
    for (size_t i = 0; i < SIZE / 2; i += PAGE)
        EXPECT(zeroed(memory + i, PAGE) || memcmp(memory + i, (char*)wanted + i, PAGE) == 0);
    EXPECT(memcmp(memory + SIZE / 2, (char*)wanted + SIZE / 2, SIZE / 2) == 0);
    fill(memory, SIZE, 2);
    EXPECT(filled(memory, SIZE, 2));
}
