// SPDX-License-Identifier: Apache-2.0
// carried: MADV_DONTFORK range: a seed is the process and not its fork
#include "memory.h"

#define SIZE (4 * PAGE)
static char* memory;

static void setup(void) {
    memory = map_anonymous(3 * SIZE);
    fill(memory, 3 * SIZE, 1);
    EXPECT(madvise(memory + SIZE, SIZE, MADV_DONTFORK) == 0);
}

/* What a fork made now finds at this address. */
static int fault_in_fork(char* at) {
    const pid_t pid = fork();
    EXPECT(pid >= 0);
    if (pid == 0) _exit(fault_of(at, READS));
    return reap(pid);
}

static void check(void) {
    await_turn();
    EXPECT(has_flag(memory + SIZE, "dc"));
    EXPECT(!has_flag(memory, "dc"));
    EXPECT(!has_flag(memory + 2 * SIZE, "dc"));
    expect_own(memory, 3 * SIZE, 1);
    EXPECT_EQUAL(fault_in_fork(memory), 0);
    EXPECT_EQUAL(fault_in_fork(memory + SIZE), SIGSEGV);
    EXPECT_EQUAL(fault_in_fork(memory + 2 * SIZE), 0);
    EXPECT(madvise(memory + SIZE, SIZE, MADV_DOFORK) == 0);
    EXPECT_EQUAL(fault_in_fork(memory + SIZE), 0);
    EXPECT(filled(memory, 3 * SIZE, 1001 + in_child()));
    end_turn();
}
