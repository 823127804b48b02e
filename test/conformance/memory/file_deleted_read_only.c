// SPDX-License-Identifier: Apache-2.0
// carried: deleted file mapped shared and read-only
#include "memory.h"

#define SIZE (4 * PAGE)
static char* memory;

static void setup(void) {
    EXPECT(close(make_file("deleted", SIZE, 1)) == 0);
    const int file = open(in_folder("deleted"), O_RDONLY);
    EXPECT(file >= 0);
    memory = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, file, 0);
    EXPECT(memory != MAP_FAILED && close(file) == 0 && unlink(in_folder("deleted")) == 0);
}

static void check(void) {
    EXPECT(has_permissions(memory, "r--s"));
    EXPECT(filled(memory, SIZE, 1));
    EXPECT_EQUAL(fault_of(memory, WRITES), SIGSEGV);
    EXPECT(mprotect(memory, SIZE, PROT_READ | PROT_WRITE) == -1 && errno == EACCES);
    EXPECT(access(in_folder("deleted"), F_OK) == -1 && errno == ENOENT);
}
