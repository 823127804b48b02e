// SPDX-License-Identifier: Apache-2.0
// carried: the heap's end (brk), which shrinks and grows
#include "memory.h"

static char *heap, *end;

static void setup(void) {
    // Standard output must not take its buffer from the heap.
    static char buffer[BUFSIZ];
    EXPECT(setvbuf(stdout, buffer, _IOFBF, sizeof buffer) == 0);
    const uintptr_t now = (uintptr_t)sbrk(0);
    EXPECT(sbrk((intptr_t)(PAGE - now % PAGE)) != (void*)-1);
    heap = sbrk(64 * (intptr_t)PAGE);
    EXPECT(heap != (void*)-1);
    fill(heap, 64 * PAGE, 1);
    EXPECT(sbrk(-16 * (intptr_t)PAGE) != (void*)-1);
    end = sbrk(0);
    EXPECT(end == heap + 48 * PAGE);
}

static void check(void) {
    await_turn();
    EXPECT(sbrk(0) == end);
    EXPECT_EQUAL(fault_of(end, READS), SIGSEGV);
    expect_own(heap, 48 * PAGE, 1);
    EXPECT(sbrk(32 * (intptr_t)PAGE) == end);
    EXPECT(zeroed(end, 32 * PAGE));
    fill(end, 32 * PAGE, 2);
    EXPECT(filled(heap, 48 * PAGE, 1001 + in_child()));
    EXPECT(sbrk(-64 * (intptr_t)PAGE) == end + 32 * PAGE);
    EXPECT_EQUAL(fault_of(heap + 16 * PAGE, READS), SIGSEGV);
    EXPECT(sbrk(8 * (intptr_t)PAGE) == heap + 16 * PAGE);
    EXPECT(zeroed(heap + 16 * PAGE, 8 * PAGE));
    EXPECT(filled(heap, 16 * PAGE, 1001 + in_child()));
    EXPECT_EQUAL(fault_of(heap + 24 * PAGE, READS), SIGSEGV);
    end_turn();
}
