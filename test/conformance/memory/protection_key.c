// SPDX-License-Identifier: Apache-2.0
// carried: protection keys (pkey_mprotect)
#include "memory.h"

static char* memory;
static int key;

static void setup(void) {
    key = pkey_alloc(0, PKEY_DISABLE_WRITE);
    if (key < 0) LACKS("protection keys");
    memory = map_anonymous(2 * PAGE);
    fill(memory, 2 * PAGE, 1);
    EXPECT(pkey_mprotect(memory, PAGE, PROT_READ | PROT_WRITE, key) == 0);
}

static void check(void) {
    await_turn();
    EXPECT_EQUAL(mapping_at(memory).protection_key, key);
    EXPECT_EQUAL(mapping_at(memory + PAGE).protection_key, 0);
    EXPECT_EQUAL(pkey_get(key), PKEY_DISABLE_WRITE);
    EXPECT_EQUAL(fault_of(memory, READS), 0);
    EXPECT_EQUAL(fault_of(memory, WRITES), SIGSEGV);
    EXPECT_EQUAL(fault_code, SEGV_PKUERR);
    EXPECT(pkey_set(key, PKEY_DISABLE_ACCESS) == 0);
    EXPECT_EQUAL(fault_of(memory, READS), SIGSEGV);
    EXPECT(pkey_set(key, 0) == 0);
    expect_own(memory, 2 * PAGE, 1);
    // It is allocated still: another one is another number, and this one can be given back.
    const int other = pkey_alloc(0, 0);
    EXPECT(other != key && (other < 0 || pkey_free(other) == 0));
    EXPECT(pkey_mprotect(memory, PAGE, PROT_READ | PROT_WRITE, 0) == 0 && pkey_free(key) == 0);
    end_turn();
}
