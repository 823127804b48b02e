// SPDX-License-Identifier: Apache-2.0
// carried: MADV_DONTDUMP range
#include "memory.h"

#define SIZE (4 * PAGE)
static char* memory;

static void setup(void) {
    memory = map_anonymous(3 * SIZE);
    fill(memory, 3 * SIZE, 1);
    if (madvise(memory + SIZE, SIZE, MADV_DONTDUMP) != 0) LACKS("MADV_DONTDUMP");
}

static void check(void) {
    await_turn();
    EXPECT(!has_flag(memory, "dd"));
    EXPECT(has_flag(memory + SIZE, "dd"));
    EXPECT(!has_flag(memory + 2 * SIZE, "dd"));
    expect_own(memory, 3 * SIZE, 1);
    EXPECT(madvise(memory + SIZE, SIZE, MADV_DODUMP) == 0);
    EXPECT(!has_flag(memory + SIZE, "dd"));
    EXPECT(filled(memory, 3 * SIZE, 1001 + in_child()));
    end_turn();
}
