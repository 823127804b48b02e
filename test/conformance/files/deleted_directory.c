// SPDX-License-Identifier: Apache-2.0
// carried: deleted folder
#include "../conformance.h"

#include <sys/syscall.h>

static int folder;

static void setup(void) {
    EXPECT(mkdir(in_folder("gone"), 0700) == 0);
    folder = open(in_folder("gone"), O_RDONLY | O_DIRECTORY);
    EXPECT(folder >= 0 && rmdir(in_folder("gone")) == 0);
    // A new one of the same name, which is not it.
    EXPECT(mkdir(in_folder("gone"), 0700) == 0);
}

static void check(void) {
    struct stat held;
    EXPECT(fstat(folder, &held) == 0);
    EXPECT(S_ISDIR(held.st_mode));
    EXPECT_EQUAL(held.st_nlink, 0);
    EXPECT(openat(folder, "new", O_CREAT | O_WRONLY, 0600) == -1 && errno == ENOENT);
    char entries[256];
    EXPECT(syscall(SYS_getdents64, folder, entries, sizeof entries) <= 0);
    EXPECT(access(in_folder("gone/new"), F_OK) == -1 && errno == ENOENT);
}
