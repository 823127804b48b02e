// SPDX-License-Identifier: Apache-2.0
// carried: execute-only page
#include "memory.h"

static unsigned char* code;
static bool readable;

static uint32_t run(void) {
    uint32_t (*function)(void);
    memcpy(&function, &code, sizeof function);
    return function();
}

static void setup(void) {
    code = (unsigned char*)map_anonymous(2 * PAGE);
    memcpy(code, "\xb8\x78\x56\x34\x12\xc3", 6);  // mov eax, 0x12345678; ret
    EXPECT(mprotect(code, PAGE, PROT_EXEC) == 0);
    // Without protection keys the CPU cannot keep a page that it executes from being read.
    readable = fault_of((char*)code, READS) == 0;
}

static void check(void) {
    EXPECT(has_permissions(code, "--xp"));
    EXPECT_EQUAL(run(), 0x12345678);
    EXPECT_EQUAL(fault_of((char*)code, READS), readable ? 0 : SIGSEGV);
    EXPECT_EQUAL(fault_of((char*)code, WRITES), SIGSEGV);
    EXPECT(mprotect(code, PAGE, PROT_READ) == 0);
    EXPECT_EQUAL(code[5], 0xc3);
    EXPECT(zeroed(code + 8, PAGE - 8));
}
