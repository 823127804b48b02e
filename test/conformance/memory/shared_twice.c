// SPDX-License-Identifier: Apache-2.0
// carried: one shared anonymous memory at two addresses
#include "memory.h"

#define SIZE (4 * PAGE)
static char *one, *other;

static void setup(void) {
    one = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT(one != MAP_FAILED);
    fill(one, SIZE, 1);
    // An old size of 0 makes a second mapping of the same pages, here of the last two.
    other = mremap(one + 2 * PAGE, 0, 2 * PAGE, MREMAP_MAYMOVE);
    EXPECT(other != MAP_FAILED && other != one + 2 * PAGE);
}

static void check(void) {
    await_turn();
    EXPECT(filled(one, SIZE, 1));
    EXPECT(memcmp(one + 2 * PAGE, other, 2 * PAGE) == 0);
    fill(other, PAGE, 10 + in_child());
    EXPECT(filled(one + 2 * PAGE, PAGE, 10 + in_child()));
    fill(one + 3 * PAGE, PAGE, 20 + in_child());
    EXPECT(filled(other + PAGE, PAGE, 20 + in_child()));
    EXPECT(filled(one, 2 * PAGE, 1));
    EXPECT(shared_with_fork(other));
    end_turn();
}
