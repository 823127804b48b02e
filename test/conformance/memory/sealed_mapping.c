// SPDX-License-Identifier: Apache-2.0
// refused: sealed mapping (mseal)
// names: mseal
#include "memory.h"

#include <sys/syscall.h>

#define SIZE (4 * PAGE)
static char* memory;

static void setup(void) {
    memory = map_anonymous(3 * SIZE);
    fill(memory, 3 * SIZE, 1);
    EXPECT(mprotect(memory + SIZE, SIZE, PROT_READ) == 0);
    if (syscall(462 /* mseal, Linux 6.10 */, memory + SIZE, SIZE, 0) != 0) LACKS("mseal");
}

static void check(void) {
    await_turn();
    char* sealed = memory + SIZE;
    EXPECT(has_permissions(sealed, "r--p"));
    EXPECT(mprotect(sealed, SIZE, PROT_READ | PROT_WRITE) == -1 && errno == EPERM);
    EXPECT(munmap(sealed, SIZE) == -1 && errno == EPERM);
    EXPECT(munmap(memory, 3 * SIZE) == -1 && errno == EPERM);
    EXPECT(mremap(sealed, SIZE, 2 * SIZE, MREMAP_MAYMOVE) == MAP_FAILED && errno == EPERM);
    EXPECT(mmap(sealed, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED);
    EXPECT(madvise(sealed, PAGE, MADV_DONTNEED) == -1 && errno == EPERM);
    EXPECT(filled(memory, 3 * SIZE, 1));
    EXPECT_EQUAL(fault_of(sealed, WRITES), SIGSEGV);
    // Its neighbours are not sealed.
    EXPECT(munmap(memory, SIZE) == 0 && mprotect(sealed + SIZE, SIZE, PROT_NONE) == 0);
    end_turn();
}
