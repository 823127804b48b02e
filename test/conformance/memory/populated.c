// SPDX-License-Identifier: Apache-2.0
// carried: MAP_POPULATE memory
#include "memory.h"

#define SIZE (64 * PAGE)
static char* memory;

static void setup(void) {
    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    EXPECT(memory != MAP_FAILED);
    for (size_t i = 0; i < SIZE; i += 2 * PAGE) fill(memory + i, PAGE, i);
}

static void check(void) {
    await_turn();
    // Brought in at once, in the child as well, where most of it is elsewhere yet.
    if (madvise(memory, SIZE / 2, 22 /* MADV_POPULATE_READ, Linux 5.14 */) != 0) EXPECT_EQUAL(errno, EINVAL);
    if (madvise(memory + SIZE / 2, SIZE / 2, 23 /* MADV_POPULATE_WRITE */) != 0) EXPECT_EQUAL(errno, EINVAL);
    for (size_t i = 0; i < SIZE; i += 2 * PAGE) {
        expect_own(memory + i, PAGE, i);
        EXPECT(zeroed(memory + i + PAGE, PAGE));
        fill(memory + i + PAGE, PAGE, 3);
    }
    for (size_t i = 0; i < SIZE; i += 2 * PAGE) EXPECT(filled(memory + i + PAGE, PAGE, 3));
    end_turn();
}
