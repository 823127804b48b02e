// SPDX-License-Identifier: Apache-2.0
// carried: guard regions (MADV_GUARD_INSTALL)
#include "memory.h"

#define GUARD_INSTALL 102 /* Linux 6.13 */
#define GUARD_REMOVE 103
static char* memory;

static void setup(void) {
    memory = map_anonymous(8 * PAGE);
    fill(memory, 8 * PAGE, 1);
    if (madvise(memory + 3 * PAGE, 2 * PAGE, GUARD_INSTALL) != 0) LACKS("MADV_GUARD_INSTALL");
}

static void check(void) {
    await_turn();
    static uint64_t wanted[8 * 512];
    fill(wanted, 8 * PAGE, 1);
    for (size_t i = 0; i < 8; i++) {
        const bool guard = i == 3 || i == 4;
        EXPECT_EQUAL(fault_of(memory + i * PAGE, READS), guard ? SIGSEGV : 0);
        EXPECT_EQUAL(fault_of(memory + i * PAGE, WRITES), guard ? SIGSEGV : 0);
        if (!guard) EXPECT(memcmp(memory + i * PAGE, (char*)wanted + i * PAGE, PAGE) == 0);
    }
    // The kernel does not read through it either.
    int ends[2];
    EXPECT(pipe(ends) == 0);
    EXPECT(write(ends[1], memory + 3 * PAGE, 1) == -1 && errno == EFAULT);
    EXPECT(madvise(memory + 3 * PAGE, PAGE, GUARD_REMOVE) == 0);
    EXPECT(zeroed(memory + 3 * PAGE, PAGE));
    EXPECT_EQUAL(fault_of(memory + 4 * PAGE, READS), SIGSEGV);
    EXPECT(madvise(memory, PAGE, GUARD_INSTALL) == 0);
    EXPECT_EQUAL(fault_of(memory, READS), SIGSEGV);
    end_turn();
}
