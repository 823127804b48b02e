// SPDX-License-Identifier: Apache-2.0
// carried: process_vm_readv and process_vm_writev on memory that the child has not touched
#include "memory.h"

#include <sys/uio.h>

#define SIZE (16 * PAGE)
static char* memory;

static void setup(void) {
    memory = map_anonymous(2 * SIZE);
    fill(memory, 2 * SIZE, 1);
}

static void check(void) {
    await_turn();
    static char seen[SIZE];
    static uint64_t wanted[2 * SIZE / 8];
    fill(wanted, 2 * SIZE, 1);
    struct iovec here = {seen, SIZE}, there = {memory, SIZE};
    EXPECT_EQUAL(process_vm_readv(getpid(), &here, 1, &there, 1, 0), SIZE);
    EXPECT(memcmp(seen, wanted, SIZE) == 0);
    // A few bytes into a page that is elsewhere yet: the others must come all the same.
    here = (struct iovec){"first", 5};
    there = (struct iovec){memory + SIZE + 100, 5};
    EXPECT_EQUAL(process_vm_writev(getpid(), &here, 1, &there, 1, 0), 5);
    memcpy((char*)wanted + SIZE + 100, "first", 5);
    EXPECT(memcmp(memory, wanted, 2 * SIZE) == 0);
    fill(memory, 2 * SIZE, 9);
    end_turn();
}
