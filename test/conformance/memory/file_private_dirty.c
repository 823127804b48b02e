// SPDX-License-Identifier: Apache-2.0
// carried: file mapped private, some pages written to
#include "memory.h"

#define SIZE (4 * PAGE)
static char* memory;

static void setup(void) {
    const int file = make_file("private", SIZE, 1);
    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    EXPECT(memory != MAP_FAILED && close(file) == 0);
    fill(memory + PAGE, PAGE, 2);
}

static void check(void) {
    await_turn();
    static uint64_t wanted[SIZE / 8];
    fill(wanted, SIZE, 1);
    EXPECT(memcmp(memory, wanted, PAGE) == 0);
    EXPECT(filled(memory + PAGE, PAGE, 2));
    EXPECT(memcmp(memory + 2 * PAGE, (char*)wanted + 2 * PAGE, 2 * PAGE) == 0);
    fill(memory + 2 * PAGE, PAGE, 3 + in_child());
    EXPECT(filled(memory + 2 * PAGE, PAGE, 3 + in_child()));
    const int file = open(in_folder("private"), O_RDONLY);
    EXPECT(file >= 0 && file_holds(file, 0, wanted, SIZE));
    EXPECT(!shared_with_fork(memory));
    end_turn();
}
