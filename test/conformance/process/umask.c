// SPDX-License-Identifier: Apache-2.0
// carried: file mode creation mask
#include "../conformance.h"

static void setup(void) {
    umask(0027);
}

static void check(void) {
    struct stat made;
    const char* file = in_folder(in_child() ? "child" : "parent");
    const int fd = open(file, O_CREAT | O_EXCL | O_WRONLY, 0666);
    EXPECT(fd >= 0);
    EXPECT(fstat(fd, &made) == 0);
    EXPECT_EQUAL(made.st_mode & 07777, 0640);
    const char* folder = in_folder(in_child() ? "child.d" : "parent.d");
    EXPECT(mkdir(folder, 0777) == 0);
    EXPECT(stat(folder, &made) == 0);
    EXPECT_EQUAL(made.st_mode & 07777, 0750);
    EXPECT_EQUAL(umask(0), 0027);
    EXPECT_EQUAL(umask(0), 0);
}
