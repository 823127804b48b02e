// SPDX-License-Identifier: Apache-2.0
// carried: /proc/self/mem, which is the child's own memory in the child
#include "../conformance.h"

static int memory;
static volatile int marks[2];

static void setup(void) {
    memory = open("/proc/self/mem", O_RDWR);
    EXPECT(memory >= 0);
    EXPECT_EQUAL(lseek(memory, (off_t)(uintptr_t)marks, SEEK_SET), (off_t)(uintptr_t)marks);
}

static void check(void) {
    // Written first, and the other process's mark looked for then: in whose memory it went shows in who finds it.
    const int own = in_child(), value = 4711 + own;
    EXPECT_EQUAL(pwrite(memory, &value, sizeof value, (off_t)(uintptr_t)&marks[own]), sizeof value);
    EXPECT_EQUAL(marks[own], value);
    EXPECT_EQUAL(marks[!own], 0);
    int seen[2] = {-1, -1};
    EXPECT_EQUAL(read(memory, seen, sizeof seen), sizeof seen);
    EXPECT(seen[own] == value && seen[!own] == 0);
}
