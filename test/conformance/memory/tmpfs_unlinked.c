// SPDX-License-Identifier: Apache-2.0
// carried: nameless tmpfs file, open and mapped shared, as the child's own
#include "memory.h"

#define SIZE (4 * PAGE)
static int file;
static char* memory;

static void setup(void) {
    file = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0) LACKS("O_TMPFILE in /dev/shm");
    EXPECT(ftruncate(file, SIZE) == 0);
    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    EXPECT(memory != MAP_FAILED);
    fill(memory, 2 * PAGE, 1);
    EXPECT_EQUAL(lseek(file, 77, SEEK_SET), 77);
}

static void check(void) {
    await_turn();
    struct stat about;
    EXPECT(fstat(file, &about) == 0);
    EXPECT_EQUAL(about.st_nlink, 0);
    EXPECT_EQUAL(about.st_size, SIZE);
    EXPECT_EQUAL(lseek(file, 0, SEEK_CUR), 77);
    EXPECT(zeroed(memory + 2 * PAGE, 2 * PAGE));
    EXPECT(shared_with_fork(memory));
    expect_own(memory, 2 * PAGE, 1);
    EXPECT(file_holds(file, 0, memory, SIZE));
    EXPECT_EQUAL(pwrite(file, "by descriptor", 13, 3 * PAGE), 13);
    EXPECT(memcmp(memory + 3 * PAGE, "by descriptor", 13) == 0);
    end_turn();
}
