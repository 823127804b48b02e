// SPDX-License-Identifier: Apache-2.0
// carried: mlocked range
#include "memory.h"

#define SIZE (16 * PAGE)
static char* memory;
static long locked_kb;

static void setup(void) {
    memory = map_anonymous(3 * SIZE);
    fill(memory, 3 * SIZE, 1);
    if (mlock(memory + SIZE, SIZE) != 0) LACKS("memory that may be locked (RLIMIT_MEMLOCK)");
    locked_kb = status_of("VmLck:");
}

static void check(void) {
    await_turn();
    EXPECT_EQUAL(status_of("VmLck:"), locked_kb);
    EXPECT(!has_flag(memory, "lo"));
    EXPECT(has_flag(memory + SIZE, "lo"));
    EXPECT(!has_flag(memory + 2 * SIZE, "lo"));
    unsigned char resident[SIZE / PAGE];
    EXPECT(mincore(memory + SIZE, SIZE, resident) == 0);
    for (size_t i = 0; i < SIZE / PAGE; i++) EXPECT_EQUAL(resident[i] & 1, 1);
    // A locked page is not given away.
    EXPECT(madvise(memory + SIZE, PAGE, MADV_DONTNEED) == -1 && errno == EINVAL);
    expect_own(memory, 3 * SIZE, 1);
    EXPECT(munlock(memory + SIZE, SIZE) == 0);
    EXPECT_EQUAL(status_of("VmLck:"), locked_kb - (long)(SIZE / 1024));
    EXPECT(!has_flag(memory + SIZE, "lo"));
    end_turn();
}
