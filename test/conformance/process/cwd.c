// SPDX-License-Identifier: Apache-2.0
// carried: working folder
#include "../conformance.h"

static char where[512];

static void setup(void) {
    EXPECT(mkdir(in_folder("deep"), 0755) == 0);
    EXPECT(mkdir(in_folder("deep/er"), 0755) == 0);
    EXPECT(close(open(in_folder("deep/marker"), O_CREAT | O_WRONLY, 0600)) == 0);
    EXPECT(chdir(in_folder("deep/er")) == 0);
    EXPECT(getcwd(where, sizeof where) != NULL);
}

static void check(void) {
    char seen[512] = {0};
    EXPECT(getcwd(seen, sizeof seen) != NULL);
    EXPECT(strcmp(seen, where) == 0);
    memset(seen, 0, sizeof seen);
    EXPECT(readlink("/proc/self/cwd", seen, sizeof seen - 1) > 0);
    EXPECT(strcmp(seen, where) == 0);
    EXPECT(access("../marker", F_OK) == 0);
    const char* own = in_child() ? "child" : "parent";
    const int made = open(own, O_CREAT | O_EXCL | O_WRONLY, 0600);
    EXPECT(made >= 0);
    struct stat relative, absolute;
    char path[600];
    snprintf(path, sizeof path, "%s/%s", where, own);
    EXPECT(fstat(made, &relative) == 0);
    EXPECT(stat(path, &absolute) == 0);
    EXPECT_EQUAL(relative.st_ino, absolute.st_ino);
    EXPECT(chdir("..") == 0);
    EXPECT(access("marker", F_OK) == 0);
}
