// SPDX-License-Identifier: Apache-2.0
// carried: protections of pages: writable, read-only, none, in turn
#include "memory.h"

#define STRIPES 24
static char* memory;
static const int kinds[3] = {PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE};

static void setup(void) {
    memory = map_anonymous(STRIPES * PAGE);
    fill(memory, STRIPES * PAGE, 1);
    for (size_t i = 0; i < STRIPES; i++) EXPECT(mprotect(memory + i * PAGE, PAGE, kinds[i % 3]) == 0);
}

static void check(void) {
    await_turn();
    for (size_t i = 0; i < STRIPES; i++) {
        char* page = memory + i * PAGE;
        EXPECT_EQUAL(fault_of(page, READS), i % 3 == 2 ? SIGSEGV : 0);
        if (i % 3 == 2) EXPECT_EQUAL(fault_code, SEGV_ACCERR);
        EXPECT_EQUAL(fault_of(page + 8, WRITES), i % 3 == 0 ? 0 : SIGSEGV);
        if (i % 3 != 0) EXPECT_EQUAL(fault_code, SEGV_ACCERR);
    }
    // Contents are kept behind every protection, and the protection can be taken away.
    EXPECT(mprotect(memory, STRIPES * PAGE, PROT_READ | PROT_WRITE) == 0);
    expect_own(memory, STRIPES * PAGE, 1);
    EXPECT(mprotect(memory + PAGE, PAGE, PROT_NONE) == 0);
    EXPECT_EQUAL(fault_of(memory + PAGE, READS), SIGSEGV);
    end_turn();
}
