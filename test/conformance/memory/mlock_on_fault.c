// SPDX-License-Identifier: Apache-2.0
// carried: range locked page by page as it is touched (MLOCK_ONFAULT)
#include "memory.h"

#define SIZE (16 * PAGE)
static char* memory;
static long locked_kb;

static void setup(void) {
    memory = map_anonymous(SIZE);
    if (mlock2(memory, SIZE, MLOCK_ONFAULT) != 0) LACKS("MLOCK_ONFAULT, or memory that may be locked");
    fill(memory, SIZE / 2, 1);
    locked_kb = status_of("VmLck:");
}

static void check(void) {
    await_turn();
    EXPECT_EQUAL(status_of("VmLck:"), locked_kb);
    EXPECT(has_flag(memory, "lo"));
    EXPECT(madvise(memory, PAGE, MADV_DONTNEED) == -1 && errno == EINVAL);
    // Only what was touched is there.
    unsigned char resident[SIZE / PAGE];
    EXPECT(mincore(memory, SIZE, resident) == 0);
    for (size_t i = SIZE / PAGE / 2; i < SIZE / PAGE; i++) EXPECT_EQUAL(resident[i] & 1, 0);
    expect_own(memory, SIZE / 2, 1);
    EXPECT(zeroed(memory + SIZE / 2, SIZE / 2));
    EXPECT(munlock(memory, SIZE) == 0);
    EXPECT(!has_flag(memory, "lo"));
    end_turn();
}
