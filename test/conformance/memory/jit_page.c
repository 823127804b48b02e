// SPDX-License-Identifier: Apache-2.0
// carried: generated code
#include "memory.h"

static unsigned char* code;

// mov eax, VALUE; ret
static void generate(uint32_t value) {
    EXPECT(mprotect(code, PAGE, PROT_READ | PROT_WRITE) == 0);
    code[0] = 0xb8;
    memcpy(code + 1, &value, 4);
    code[5] = 0xc3;
    EXPECT(mprotect(code, PAGE, PROT_READ | PROT_EXEC) == 0);
}

static uint32_t run(void) {
    uint32_t (*function)(void);
    memcpy(&function, &code, sizeof function);
    return function();
}

static void setup(void) {
    code = (unsigned char*)map_anonymous(PAGE);
    generate(0x12345678);
    EXPECT_EQUAL(run(), 0x12345678);
}

static void check(void) {
    await_turn();
    EXPECT(has_permissions(code, "r-xp"));
    EXPECT_EQUAL(run(), 0x12345678);
    EXPECT_EQUAL(fault_of((char*)code, WRITES), SIGSEGV);
    const uint32_t mine = 0x1000 + in_child();
    generate(mine);
    EXPECT_EQUAL(run(), mine);
    EXPECT(mprotect(code, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
    code[1]++;
    EXPECT_EQUAL(run(), mine + 1);
    end_turn();
}
