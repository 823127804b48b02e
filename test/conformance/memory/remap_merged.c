// SPDX-License-Identifier: Apache-2.0
// carried: mremap over old memory and a fresh neighbour, which have become one mapping
#include "memory.h"

#define SIZE (8 * PAGE)
static char* memory;

static void setup(void) {
    // Room behind it, which nothing else takes.
    memory = map_anonymous(3 * SIZE);
    fill(memory, SIZE, 1);
    EXPECT(mprotect(memory + SIZE, 2 * SIZE, PROT_NONE) == 0);
}

static void check(void) {
    await_turn();
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    EXPECT(mmap(memory + SIZE, SIZE, PROT_READ | PROT_WRITE, flags, -1, 0) == memory + SIZE);
    fill(memory + SIZE, SIZE, 2);
    char* moved = mremap(memory, 2 * SIZE, 8 * SIZE, MREMAP_MAYMOVE);
    EXPECT(moved != MAP_FAILED);
    EXPECT(filled(moved, SIZE, 1) && filled(moved + SIZE, SIZE, 2));
    EXPECT(zeroed(moved + 2 * SIZE, 6 * SIZE));
    end_turn();
}
