// SPDX-License-Identifier: Apache-2.0
// carried: shared anonymous memory, as the child's own
#include "memory.h"

#define SIZE (8 * PAGE)
static char* memory;

static void setup(void) {
    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT(memory != MAP_FAILED);
    fill(memory, 4 * PAGE, 1);
}

static void check(void) {
    await_turn();
    EXPECT(has_permissions(memory, "rw-s"));
    EXPECT(zeroed(memory + 4 * PAGE, 4 * PAGE));
    EXPECT(shared_with_fork(memory));
    EXPECT(shared_with_fork(memory + 6 * PAGE));
    expect_own(memory, 4 * PAGE, 1);
    fill(memory + 4 * PAGE, 4 * PAGE, 2);
    // Zeros after it with private memory; shared memory keeps its contents.
    EXPECT(madvise(memory, SIZE, MADV_DONTNEED) == 0);
    EXPECT(filled(memory + 4 * PAGE, 4 * PAGE, 2));
    end_turn();
}
