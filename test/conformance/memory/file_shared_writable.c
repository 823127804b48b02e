// SPDX-License-Identifier: Apache-2.0
// carried: regular file mapped shared and writable: the same file
#include "memory.h"

#define SIZE (3 * PAGE)
static char* memory;

static void setup(void) {
    const int file = make_file("shared", SIZE, 1);
    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    EXPECT(memory != MAP_FAILED && close(file) == 0);
    // Dirty in the page cache only, perhaps, when the process is prepared.
    fill(memory + PAGE, PAGE, 2);
    memset(memory + 2 * PAGE, 0, PAGE);
}

static void check(void) {
    EXPECT(has_permissions(memory, "rw-s"));
    EXPECT(filled(memory, PAGE, 1));
    EXPECT(filled(memory + PAGE, PAGE, 2));
    // The last page has a byte for each of the two.
    volatile char* bytes = memory + 2 * PAGE;
    const int mine = in_child() ? 1 : 0;
    bytes[mine] = 'x';
    EXPECT(msync(memory, SIZE, MS_SYNC) == 0);
    const int file = open(in_folder("shared"), O_RDWR);
    EXPECT(file >= 0 && file_holds(file, 2 * PAGE + mine, "x", 1));
    EXPECT_EQUAL(pwrite(file, "y", 1, 2 * PAGE + 100 + mine), 1);
    EXPECT_EQUAL(bytes[100 + mine], 'y');
    EXPECT(shared_with_fork(memory + 2 * PAGE + 200 + mine));
    if (in_child()) AWAIT(bytes[0] == 'x' && bytes[100] == 'y');
}
