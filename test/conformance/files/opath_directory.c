// SPDX-License-Identifier: Apache-2.0
// carried: O_PATH descriptor of a folder
#include "../conformance.h"

static int folder;

static void setup(void) {
    EXPECT(mkdir(in_folder("sub"), 0700) == 0);
    const int maker = open(in_folder("sub/inside"), O_CREAT | O_WRONLY, 0600);
    EXPECT(maker >= 0 && write(maker, "text", 4) == 4 && close(maker) == 0);
    folder = open(in_folder("sub"), O_PATH | O_DIRECTORY);
    EXPECT(folder >= 0);
}

static void check(void) {
    EXPECT_EQUAL(fcntl(folder, F_GETFL) & (O_PATH | O_DIRECTORY), O_PATH | O_DIRECTORY);
    EXPECT_EQUAL(fcntl(folder, F_GETFD), 0);
    char seen[8] = {0};
    const int inside = openat(folder, "inside", O_RDONLY);
    EXPECT(inside >= 0);
    EXPECT_EQUAL(read(inside, seen, sizeof seen), 4);
    EXPECT(strcmp(seen, "text") == 0);
    const char* own = in_child() ? "of-child" : "of-parent";
    const int made = openat(folder, own, O_CREAT | O_EXCL | O_WRONLY, 0600);
    EXPECT(made >= 0);
    EXPECT(fchdir(folder) == 0 && access(own, F_OK) == 0);
    EXPECT(unlinkat(folder, own, 0) == 0);
}
