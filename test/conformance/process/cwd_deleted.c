// SPDX-License-Identifier: Apache-2.0
// carried: working folder that was deleted
#include "../conformance.h"

#include <dirent.h>

static struct stat here, above;

static void setup(void) {
    EXPECT(mkdir(in_folder("gone"), 0750) == 0);
    EXPECT(chdir(in_folder("gone")) == 0);
    EXPECT(rmdir(in_folder("gone")) == 0);
    EXPECT(stat(".", &here) == 0);
    EXPECT(stat("..", &above) == 0);
}

static void check(void) {
    char seen[512] = {0};
    EXPECT(getcwd(seen, sizeof seen) == NULL && errno == ENOENT);
    EXPECT(readlink("/proc/self/cwd", seen, sizeof seen - 1) > 0);
    EXPECT(strstr(seen, " (deleted)") != NULL);
    EXPECT(open("file", O_CREAT | O_WRONLY, 0600) < 0 && errno == ENOENT);
    struct stat now;
    EXPECT(stat(".", &now) == 0);
    EXPECT_EQUAL(now.st_mode, here.st_mode);
    EXPECT_EQUAL(now.st_nlink, here.st_nlink);
    DIR* folder = opendir(".");
    EXPECT(folder != NULL);
    EXPECT(readdir(folder) == NULL);
    /* Whoever makes the folder anew for the child leaves nothing behind. */
    EXPECT(access(in_folder("gone"), F_OK) < 0 && errno == ENOENT);
    EXPECT(chdir("..") == 0);
    EXPECT(stat(".", &now) == 0);
    EXPECT_EQUAL(now.st_ino, above.st_ino);
}
