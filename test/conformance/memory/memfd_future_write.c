// SPDX-License-Identifier: Apache-2.0
// carried: memfd sealed against future writes, with a writable mapping from before
#include "memory.h"

#define SIZE (4 * PAGE)
static int file;
static char* memory;

static void setup(void) {
    file = memfd_create("conformance", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    EXPECT(file >= 0 && ftruncate(file, SIZE) == 0);
    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    EXPECT(memory != MAP_FAILED);
    fill(memory, SIZE, 1);
    if (fcntl(file, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK) != 0) LACKS("F_SEAL_FUTURE_WRITE");
}

static void check(void) {
    await_turn();
    EXPECT_EQUAL(fcntl(file, F_GET_SEALS), F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK);
    EXPECT(shared_with_fork(memory));
    expect_own(memory, SIZE, 1);
    EXPECT(file_holds(file, 0, memory, SIZE));
    EXPECT(pwrite(file, "x", 1, 0) == -1 && errno == EPERM);
    EXPECT(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED && errno == EPERM);
    EXPECT(ftruncate(file, PAGE) == -1 && errno == EPERM);
    EXPECT(ftruncate(file, 2 * SIZE) == 0);
    end_turn();
}
