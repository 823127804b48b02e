// SPDX-License-Identifier: Apache-2.0
// carried: munmap of a hole, and a new mapping in it
#include "memory.h"

#define SIZE (16 * PAGE)
static char* memory;

static void setup(void) {
    memory = map_anonymous(SIZE);
    fill(memory, SIZE, 1);
    EXPECT(munmap(memory + 12 * PAGE, PAGE) == 0);
}

static void check(void) {
    await_turn();
    static uint64_t wanted[SIZE / 8];
    fill(wanted, SIZE, 1);
    EXPECT_EQUAL(fault_of(memory + 12 * PAGE, READS), SIGSEGV);
    EXPECT_EQUAL(fault_code, SEGV_MAPERR);
    EXPECT(munmap(memory + 4 * PAGE, 4 * PAGE) == 0);
    EXPECT_EQUAL(fault_of(memory + 4 * PAGE, READS), SIGSEGV);
    EXPECT_EQUAL(fault_code, SEGV_MAPERR);
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    char* anew = mmap(memory + 5 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);
    EXPECT(anew == memory + 5 * PAGE && zeroed(anew, 2 * PAGE));
    fill(anew, 2 * PAGE, 2);
    EXPECT(filled(anew, 2 * PAGE, 2));
    EXPECT_EQUAL(fault_of(memory + 7 * PAGE, READS), SIGSEGV);
    EXPECT(memcmp(memory, wanted, 4 * PAGE) == 0);
    EXPECT(memcmp(memory + 8 * PAGE, (char*)wanted + 8 * PAGE, 4 * PAGE) == 0);
    EXPECT(memcmp(memory + 13 * PAGE, (char*)wanted + 13 * PAGE, 3 * PAGE) == 0);
    // Over what the child never touched.
    anew = mmap(memory + 14 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    EXPECT(anew == memory + 14 * PAGE && zeroed(anew, PAGE));
    end_turn();
}
