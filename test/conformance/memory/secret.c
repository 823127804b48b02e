// SPDX-License-Identifier: Apache-2.0
// refused: memfd_secret memory, which not even the kernel may read
// names: secretmem
#include "memory.h"

#include <sys/syscall.h>

#define SIZE (4 * PAGE)
static char* memory;

static void setup(void) {
    const int file = (int)syscall(447 /* memfd_secret, Linux 5.14 */, O_CLOEXEC);
    if (file < 0) LACKS("memfd_secret");
    EXPECT(ftruncate(file, SIZE) == 0);
    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    EXPECT(memory != MAP_FAILED && close(file) == 0);
    fill(memory, SIZE, 1);
}

static void check(void) {
    EXPECT(filled(memory, SIZE, 1));
    fill(memory, SIZE, 2);
    EXPECT(filled(memory, SIZE, 2));
    EXPECT(shared_with_fork(memory));
    const int file = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    char seen[8];
    EXPECT(file >= 0 && pread(file, seen, sizeof seen, (off_t)(uintptr_t)memory) == -1);
}
