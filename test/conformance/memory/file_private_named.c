// SPDX-License-Identifier: Apache-2.0
// carried: /proc/self/maps names the file of a private mapping, as profilers and unwinders need it
#include "memory.h"

#define SIZE (4 * PAGE)
static char* memory;
static struct mapping before;

static void setup(void) {
    const int file = make_file("private", SIZE, 1);
    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    EXPECT(memory != MAP_FAILED && close(file) == 0);
    fill(memory + PAGE, PAGE, 2);
    before = mapping_at(memory);
    EXPECT(strcmp(before.path, in_folder("private")) == 0);
}

static void check(void) {
    for (size_t i = 0; i < 4; i++) {
        const struct mapping now = mapping_at(memory + i * PAGE);
        if (strcmp(now.path, before.path) != 0) FAIL("page %zu is of %s, not %s", i, now.path, before.path);
        EXPECT(strcmp(now.permissions, "rw-p") == 0);
    }
}
