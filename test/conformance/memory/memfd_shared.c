// SPDX-License-Identifier: Apache-2.0
// carried: memfd mapped shared, as the child's own
#include "memory.h"

#define SIZE (4 * PAGE)
static int file;
static char* memory;

static void setup(void) {
    file = memfd_create("conformance", MFD_CLOEXEC);
    EXPECT(file >= 0 && ftruncate(file, SIZE) == 0);
    memory = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, PAGE);
    EXPECT(memory != MAP_FAILED);
    fill(memory, 2 * PAGE, 1);
    EXPECT_EQUAL(lseek(file, 123, SEEK_SET), 123);
}

static void check(void) {
    await_turn();
    EXPECT(strstr(mapping_at(memory).path, "memfd:conformance") != NULL);
    EXPECT_EQUAL(lseek(file, 0, SEEK_CUR), 123);
    struct stat about;
    EXPECT(fstat(file, &about) == 0);
    EXPECT_EQUAL(about.st_size, SIZE);
    EXPECT_EQUAL(fcntl(file, F_GETFD), FD_CLOEXEC);
    EXPECT_EQUAL(fcntl(file, F_GET_SEALS), F_SEAL_SEAL);
    EXPECT(filled(memory, 2 * PAGE, 1));
    EXPECT(zeroed(memory + 2 * PAGE, PAGE));
    EXPECT(file_holds(file, PAGE, memory, 3 * PAGE));
    EXPECT(shared_with_fork(memory));
    expect_own(memory, 2 * PAGE, 1);
    EXPECT(file_holds(file, PAGE, memory, 2 * PAGE));
    EXPECT_EQUAL(pwrite(file, "by descriptor", 13, 3 * PAGE), 13);
    EXPECT(memcmp(memory + 2 * PAGE, "by descriptor", 13) == 0);
    // Cut short, the mapping's end is beyond the file's.
    EXPECT(ftruncate(file, 2 * PAGE) == 0);
    EXPECT_EQUAL(fault_of(memory + PAGE, READS), SIGBUS);
    EXPECT(ftruncate(file, SIZE) == 0);
    EXPECT(zeroed(memory + PAGE, PAGE));
    end_turn();
}
