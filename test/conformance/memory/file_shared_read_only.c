// SPDX-License-Identifier: Apache-2.0
// carried: regular file mapped shared and read-only: the same file
#include "memory.h"

#define SIZE (3 * PAGE)
static char* memory;

static void setup(void) {
    EXPECT(close(make_file("shared", SIZE, 1)) == 0);
    const int file = open(in_folder("shared"), O_RDONLY);
    EXPECT(file >= 0);
    memory = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, file, 0);
    EXPECT(memory != MAP_FAILED && close(file) == 0);
    EXPECT(filled(memory, PAGE, 1));
}

static void check(void) {
    EXPECT(has_permissions(memory, "r--s"));
    EXPECT(filled(memory, 2 * PAGE, 1));
    EXPECT_EQUAL(fault_of(memory, WRITES), SIGSEGV);
    EXPECT(mprotect(memory, SIZE, PROT_READ | PROT_WRITE) == -1 && errno == EACCES);
    // What somebody writes to the file later is seen; each of the two has a byte in the last page.
    volatile char* bytes = memory + 2 * PAGE;
    const int mine = in_child() ? 1 : 0, file = open(in_folder("shared"), O_RDWR);
    const char changed = (char)~bytes[mine];
    EXPECT(file >= 0);
    EXPECT_EQUAL(pwrite(file, &changed, 1, 2 * PAGE + mine), 1);
    EXPECT_EQUAL(bytes[mine], changed);
    const char parents = (char)~(word_of(1, 2 * PAGE / 8) & 0xff);
    if (in_child()) AWAIT(bytes[0] == parents);
}
