// SPDX-License-Identifier: Apache-2.0
// carried: named file of a tmpfs mapped shared and writable: the same file
#include "memory.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#define SIZE (2 * PAGE)
static char* memory;

static void setup(void) {
    struct statfs about;
    EXPECT(statfs(conformance_folder, &about) == 0);
    // Not /dev/shm: what is there is shared memory by name, of which the child has its own.
    if (about.f_type != TMPFS_MAGIC || strncmp(conformance_folder, "/dev/shm/", 9) == 0)
        LACKS("a temporary folder in a tmpfs (TMPDIR) other than /dev/shm");
    const int file = make_file("shared", SIZE, 1);
    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    EXPECT(memory != MAP_FAILED && close(file) == 0);
    memset(memory + PAGE, 0, PAGE);
}

static void check(void) {
    EXPECT(filled(memory, PAGE, 1));
    volatile char* bytes = memory + PAGE;
    const int mine = in_child() ? 1 : 0;
    bytes[mine] = 'x';
    const int file = open(in_folder("shared"), O_RDWR);
    EXPECT(file >= 0 && file_holds(file, PAGE + mine, "x", 1));
    EXPECT_EQUAL(pwrite(file, "y", 1, PAGE + 100 + mine), 1);
    EXPECT_EQUAL(bytes[100 + mine], 'y');
    if (in_child()) AWAIT(bytes[0] == 'x' && bytes[100] == 'y');
}
