// SPDX-License-Identifier: Apache-2.0
// carried: sealed memfd, mapped
#include "memory.h"

#define SIZE (4 * PAGE)
#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)
static int file;
static char* memory;

static void setup(void) {
    file = memfd_create("conformance", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    EXPECT(file >= 0);
    char* contents = map_anonymous(SIZE);
    fill(contents, SIZE, 1);
    EXPECT_EQUAL(write(file, contents, SIZE), SIZE);
    EXPECT(munmap(contents, SIZE) == 0);
    EXPECT(fcntl(file, F_ADD_SEALS, SEALS) == 0);
    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    EXPECT(memory != MAP_FAILED);
    fill(memory + PAGE, PAGE, 2);
}

static void check(void) {
    EXPECT_EQUAL(fcntl(file, F_GET_SEALS), SEALS);
    EXPECT_EQUAL(fcntl(file, F_GETFL) & O_ACCMODE, O_RDWR);
    EXPECT(filled(memory, PAGE, 1));
    EXPECT(filled(memory + PAGE, PAGE, 2));
    EXPECT(file_holds(file, 0, memory, PAGE));
    EXPECT(file_holds(file, 2 * PAGE, memory + 2 * PAGE, 2 * PAGE));
    EXPECT(!file_holds(file, PAGE, memory + PAGE, PAGE));
    EXPECT(pwrite(file, "x", 1, 0) == -1 && errno == EPERM);
    EXPECT(ftruncate(file, 0) == -1 && errno == EPERM);
    EXPECT(ftruncate(file, 2 * SIZE) == -1 && errno == EPERM);
    EXPECT(fcntl(file, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) == -1 && errno == EPERM);
    EXPECT(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED && errno == EPERM);
    fill(memory, PAGE, 3);
    EXPECT(!file_holds(file, 0, memory, PAGE));
}
