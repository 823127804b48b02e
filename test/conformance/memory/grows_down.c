// SPDX-License-Identifier: Apache-2.0
// carried: MAP_GROWSDOWN mapping, which goes on growing
#include "memory.h"

// Far from everything: what is in the way below would stop the growth.
#define END ((char*)0x210000000000)
#define HIGH (END - 2 * PAGE)

static void setup(void) {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE;
    EXPECT(mmap(HIGH, 2 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0) == HIGH);
    for (size_t i = 0; i < 4; i++) fill(END - (i + 1) * PAGE, PAGE, i);
}

static void check(void) {
    await_turn();
    EXPECT(has_flag(HIGH, "gd"));
    for (size_t i = 0; i < 4; i++) expect_own(END - (i + 1) * PAGE, PAGE, i);
    for (size_t i = 4; i < 64; i++) {
        char* page = END - (i + 1) * PAGE;
        EXPECT_EQUAL(fault_of(page + PAGE - 8, WRITES), 0);
        EXPECT(zeroed(page, PAGE));
        fill(page, PAGE, i);
    }
    for (size_t i = 4; i < 64; i++) EXPECT(filled(END - (i + 1) * PAGE, PAGE, i));
    EXPECT(filled(END - PAGE, PAGE, 1000 + in_child()));
    end_turn();
}
