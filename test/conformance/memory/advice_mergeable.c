// SPDX-License-Identifier: Apache-2.0
// carried: MADV_MERGEABLE range
#include "memory.h"

#define SIZE (4 * PAGE)
static char* memory;

static void setup(void) {
    memory = map_anonymous(3 * SIZE);
    fill(memory, 3 * SIZE, 1);
    if (madvise(memory + SIZE, SIZE, MADV_MERGEABLE) != 0) LACKS("MADV_MERGEABLE");
}

static void check(void) {
    await_turn();
    EXPECT(!has_flag(memory, "mg"));
    EXPECT(has_flag(memory + SIZE, "mg"));
    EXPECT(!has_flag(memory + 2 * SIZE, "mg"));
    expect_own(memory, 3 * SIZE, 1);
    EXPECT(madvise(memory + SIZE, SIZE, MADV_UNMERGEABLE) == 0);
    EXPECT(!has_flag(memory + SIZE, "mg"));
    EXPECT(filled(memory, 3 * SIZE, 1001 + in_child()));
    end_turn();
}
