// SPDX-License-Identifier: Apache-2.0
// carried: POSIX shared memory whose name is gone, as the child's own
#include "memory.h"

#define SIZE (4 * PAGE)
static char* memory;

static void setup(void) {
    char name[64];
    snprintf(name, sizeof name, "/farfork-conformance-%d", getpid());
    const int file = shm_open(name, O_CREAT | O_RDWR | O_TRUNC, 0600);
    EXPECT(file >= 0 && ftruncate(file, SIZE) == 0 && shm_unlink(name) == 0);
    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    EXPECT(memory != MAP_FAILED && close(file) == 0);
    fill(memory, 2 * PAGE, 1);
}

static void check(void) {
    await_turn();
    EXPECT(has_permissions(memory, "rw-s"));
    EXPECT(zeroed(memory + 2 * PAGE, 2 * PAGE));
    EXPECT(shared_with_fork(memory));
    EXPECT(shared_with_fork(memory + 3 * PAGE));
    expect_own(memory, 2 * PAGE, 1);
    end_turn();
}
