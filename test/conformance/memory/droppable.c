// SPDX-License-Identifier: Apache-2.0
// policy: MAP_DROPPABLE memory, where getrandom keeps its state: zeros in the child
#include "memory.h"

#define SIZE (4 * PAGE)
static char* memory;

static void setup(void) {
    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, 0x8 /* MAP_DROPPABLE, Linux 6.11 */ | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) LACKS("MAP_DROPPABLE");
    fill(memory, SIZE, 1);
}

static void check(void) {
    await_turn();
    EXPECT(has_flag(memory, "wf"));
    // The kernel may drop any of its pages at any time, but no page ever is another's.
    for (size_t i = 0; i < SIZE; i += PAGE) {
        static uint64_t wanted[SIZE / 8];
        fill(wanted, SIZE, 1);
        EXPECT(zeroed(memory + i, PAGE) || (!in_child() && memcmp(memory + i, (char*)wanted + i, PAGE) == 0));
    }
    fill(memory, SIZE, 5);
    EXPECT(!shared_with_fork(memory));
    // Locking is what such memory refuses.
    EXPECT(mlock(memory, SIZE) == -1 || !has_flag(memory, "lo"));
    end_turn();
}
