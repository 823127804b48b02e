// SPDX-License-Identifier: Apache-2.0
// carried: /proc/self/mem on memory that the child has not touched
#include "memory.h"

#define SIZE (64 * PAGE)
static char* memory;

static void setup(void) {
    memory = map_anonymous(2 * SIZE);
    fill(memory, 2 * SIZE, 1);
}

static void check(void) {
    await_turn();
    static char seen[SIZE];
    static uint64_t wanted[2 * SIZE / 8];
    fill(wanted, 2 * SIZE, 1);
    const int file = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
    EXPECT(file >= 0);
    for (size_t done = 0; done < SIZE;) {
        const ssize_t got = pread(file, seen + done, SIZE - done, (off_t)(uintptr_t)(memory + done));
        if (got <= 0) FAIL("read %zd after %zu bytes, errno %d", got, done, errno);
        done += (size_t)got;
    }
    EXPECT(memcmp(seen, wanted, SIZE) == 0);
    EXPECT_EQUAL(pwrite(file, "other", 5, (off_t)(uintptr_t)(memory + SIZE + 40 * PAGE + 7)), 5);
    memcpy((char*)wanted + SIZE + 40 * PAGE + 7, "other", 5);
    EXPECT(memcmp(memory, wanted, 2 * SIZE) == 0);
    fill(memory, 2 * SIZE, 9);
    end_turn();
}
