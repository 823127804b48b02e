// SPDX-License-Identifier: Apache-2.0
// carried: MADV_HUGEPAGE and MADV_NOHUGEPAGE ranges
#include "memory.h"

#define HUGE ((size_t)2 << 20)
static char* memory;

static void setup(void) {
    char* all = map_anonymous(4 * HUGE);
    memory = (char*)(((uintptr_t)all + HUGE - 1) & ~(HUGE - 1));
    if (madvise(memory, HUGE, MADV_HUGEPAGE) != 0) LACKS("transparent huge pages");
    EXPECT(madvise(memory + HUGE, HUGE, MADV_NOHUGEPAGE) == 0);
    fill(memory, 3 * HUGE, 1);
}

static void check(void) {
    await_turn();
    EXPECT(has_flag(memory, "hg") && !has_flag(memory, "nh"));
    EXPECT(has_flag(memory + HUGE, "nh") && !has_flag(memory + HUGE, "hg"));
    EXPECT(!has_flag(memory + 2 * HUGE, "hg") && !has_flag(memory + 2 * HUGE, "nh"));
    expect_own(memory, 3 * HUGE, 1);
    // Part of a huge page given away.
    EXPECT(madvise(memory + 8 * PAGE, PAGE, MADV_DONTNEED) == 0);
    EXPECT(zeroed(memory + 8 * PAGE, PAGE));
    EXPECT(filled(memory, 8 * PAGE, 1001 + in_child()));
    EXPECT(!zeroed(memory + 9 * PAGE, PAGE));
    end_turn();
}
