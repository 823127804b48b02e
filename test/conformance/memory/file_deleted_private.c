// SPDX-License-Identifier: Apache-2.0
// carried: deleted file mapped private
#include "memory.h"

#define SIZE (4 * PAGE)
static char* memory;

static void setup(void) {
    const int file = make_file("deleted", SIZE, 1);
    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    EXPECT(memory != MAP_FAILED && close(file) == 0 && unlink(in_folder("deleted")) == 0);
    fill(memory + PAGE, PAGE, 2);
}

static void check(void) {
    await_turn();
    static uint64_t wanted[SIZE / 8];
    fill(wanted, SIZE, 1);
    EXPECT(memcmp(memory, wanted, PAGE) == 0);
    EXPECT(filled(memory + PAGE, PAGE, 2));
    EXPECT(memcmp(memory + 2 * PAGE, (char*)wanted + 2 * PAGE, 2 * PAGE) == 0);
    fill(memory, SIZE, 3 + in_child());
    EXPECT(filled(memory, SIZE, 3 + in_child()));
    EXPECT(!shared_with_fork(memory));
    EXPECT(access(in_folder("deleted"), F_OK) == -1 && errno == ENOENT);
    end_turn();
}
