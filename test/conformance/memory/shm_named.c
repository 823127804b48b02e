// SPDX-License-Identifier: Apache-2.0
// policy: POSIX shared memory that has a name: memory and name are the child's own
#include "memory.h"

#define SIZE (4 * PAGE)
static char name[64];
static char* memory;

static void setup(void) {
    snprintf(name, sizeof name, "/farfork-conformance-%d", getpid());
    const int file = shm_open(name, O_CREAT | O_RDWR | O_TRUNC, 0640);
    EXPECT(file >= 0 && ftruncate(file, SIZE) == 0);
    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    EXPECT(memory != MAP_FAILED && close(file) == 0);
    fill(memory, SIZE, 1);
}

static void check(void) {
    await_turn();
    EXPECT(shared_with_fork(memory));
    expect_own(memory, SIZE, 1);
    // The parent has removed its name by now; the child's is in its own /dev/shm.
    const int file = shm_open(name, O_RDWR, 0);
    EXPECT(file >= 0);
    struct stat about;
    EXPECT(fstat(file, &about) == 0);
    EXPECT_EQUAL(about.st_mode & 07777, 0640);
    EXPECT_EQUAL(about.st_size, SIZE);
    EXPECT(file_holds(file, 0, memory, SIZE));
    EXPECT_EQUAL(pwrite(file, "by name", 7, PAGE), 7);
    EXPECT(memcmp(memory + PAGE, "by name", 7) == 0);
    EXPECT(shm_unlink(name) == 0);
    EXPECT(shm_open(name, O_RDWR, 0) == -1 && errno == ENOENT);
    end_turn();
}
