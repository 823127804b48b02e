// SPDX-License-Identifier: Apache-2.0
// carried: mlockall, present and future
#include "memory.h"

#define SIZE (16 * PAGE)
static char* memory;

static void setup(void) {
    memory = map_anonymous(SIZE);
    fill(memory, SIZE, 1);
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) LACKS("memory that may be locked (RLIMIT_MEMLOCK)");
}

static void check(void) {
    await_turn();
    EXPECT(has_flag(memory, "lo"));
    EXPECT(has_flag(&memory, "lo"));
    EXPECT(has_flag(__builtin_frame_address(0), "lo"));
    EXPECT(status_of("VmLck:") >= (long)(SIZE / 1024));
    expect_own(memory, SIZE, 1);
    // MCL_FUTURE: a new mapping is locked and there at once.
    char* later = map_anonymous(SIZE);
    EXPECT(has_flag(later, "lo"));
    unsigned char resident[SIZE / PAGE];
    EXPECT(mincore(later, SIZE, resident) == 0);
    for (size_t i = 0; i < SIZE / PAGE; i++) EXPECT_EQUAL(resident[i] & 1, 1);
    EXPECT(munlockall() == 0);
    EXPECT_EQUAL(status_of("VmLck:"), 0);
    EXPECT(!has_flag(map_anonymous(SIZE), "lo"));
    end_turn();
}
