// SPDX-License-Identifier: Apache-2.0
// carried: file mapped private, whose changed pages are dropped (MADV_DONTNEED) and are the file's again
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
    EXPECT(filled(memory + PAGE, PAGE, 2));
    fill(memory + 2 * PAGE, PAGE, 3);
    // One page was changed before the fork, one after it.
    EXPECT(madvise(memory, SIZE, MADV_DONTNEED) == 0);
    EXPECT(filled(memory, SIZE, 1));
    fill(memory, SIZE, 4);
    EXPECT(filled(memory, SIZE, 4));
}
