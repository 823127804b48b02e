// SPDX-License-Identifier: Apache-2.0
// refused: file of /proc that tells of another process
// names: procfs
#include "../conformance.h"

static int file;

static void setup(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)getppid());
    file = open(path, O_RDONLY);
    EXPECT(file >= 0);
}

static void check(void) {
    char text[64] = {0};
    EXPECT(read(file, text, sizeof text - 1) > 0);
    EXPECT_EQUAL(strtol(text, NULL, 10), getppid());
}
