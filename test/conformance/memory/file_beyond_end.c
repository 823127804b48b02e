// SPDX-License-Identifier: Apache-2.0
// carried: SIGBUS beyond the end of a mapped file
#include "memory.h"

#define SIZE (4 * PAGE)
#define LENGTH (PAGE + 128)
static char* views[2];

static void setup(void) {
    const int file = make_file("short", LENGTH, 1);
    views[0] = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    const int read_only = open(in_folder("short"), O_RDONLY);
    EXPECT(read_only >= 0);
    views[1] = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, read_only, 0);
    EXPECT(views[0] != MAP_FAILED && views[1] != MAP_FAILED && close(file) == 0 && close(read_only) == 0);
}

static void check(void) {
    for (int i = 0; i < 2; i++) {
        EXPECT(filled(views[i], LENGTH, 1));
        EXPECT(zeroed(views[i] + LENGTH, 2 * PAGE - LENGTH));
        for (size_t page = 2; page < 4; page++) {
            EXPECT_EQUAL(fault_of(views[i] + page * PAGE, READS), SIGBUS);
            EXPECT_EQUAL(fault_code, BUS_ADRERR);
        }
    }
    EXPECT_EQUAL(fault_of(views[0] + 3 * PAGE, WRITES), SIGBUS);
    EXPECT_EQUAL(fault_of(views[0] + PAGE, WRITES), 0);
}
