// SPDX-License-Identifier: Apache-2.0
// policy: MADV_WIPEONFORK range: zeros in the child, as it holds what no two processes may have
#include "memory.h"

#define SIZE (4 * PAGE)
static char* memory;

static void setup(void) {
    memory = map_anonymous(3 * SIZE);
    if (madvise(memory + SIZE, SIZE, MADV_WIPEONFORK) != 0) LACKS("MADV_WIPEONFORK");
    for (size_t i = 0; i < 3; i++) fill(memory + i * SIZE, SIZE, i);
}

static bool wiped_in_fork(void) {
    const pid_t pid = fork();
    EXPECT(pid >= 0);
    if (pid == 0) _exit(zeroed(memory + SIZE, SIZE));
    return reap(pid) == 1;
}

static void check(void) {
    await_turn();
    EXPECT(has_flag(memory + SIZE, "wf"));
    EXPECT(!has_flag(memory, "wf") && !has_flag(memory + 2 * SIZE, "wf"));
    if (in_child())
        EXPECT(zeroed(memory + SIZE, SIZE));
    else
        EXPECT(filled(memory + SIZE, SIZE, 1));
    expect_own(memory, SIZE, 0);
    expect_own(memory + 2 * SIZE, SIZE, 2);
    fill(memory + SIZE, SIZE, 5);
    EXPECT(wiped_in_fork());
    EXPECT(filled(memory + SIZE, SIZE, 5));
    EXPECT(madvise(memory + SIZE, SIZE, MADV_KEEPONFORK) == 0);
    EXPECT(!wiped_in_fork());
    end_turn();
}
