// SPDX-License-Identifier: Apache-2.0
// carried: root folder (chroot)
#include "../conformance.h"

static struct stat root;

/* The new root is the folder that holds the go file and this program's folder, so that both stay in sight. */
static void setup(void) {
    const int marker = open(in_folder("marker"), O_CREAT | O_WRONLY, 0600);
    EXPECT_EQUAL(write(marker, "inside", 6), 6);
    EXPECT(close(marker) == 0);
    char* above = strdup(conformance_go);
    conformance_go = strrchr(conformance_go, '/');
    conformance_folder = strrchr(conformance_folder, '/');
    EXPECT(above != NULL && conformance_go != NULL && conformance_folder != NULL);
    *strrchr(above, '/') = 0;
    if (chroot(above) != 0) LACKS("chroot");
    EXPECT(chdir("/") == 0);
    EXPECT(stat("/", &root) == 0);
}

static void check(void) {
    struct stat now;
    EXPECT(stat("/", &now) == 0);
    EXPECT_EQUAL(now.st_ino, root.st_ino);
    EXPECT_EQUAL(now.st_dev, root.st_dev);
    EXPECT(stat("/../..", &now) == 0);
    EXPECT_EQUAL(now.st_ino, root.st_ino);
    EXPECT(access("/proc/self", F_OK) < 0 && errno == ENOENT);
    EXPECT(access("/etc/passwd", F_OK) < 0 && errno == ENOENT);
    char seen[64] = {0};
    EXPECT(getcwd(seen, sizeof seen) != NULL);
    EXPECT(strcmp(seen, "/") == 0);
    memset(seen, 0, sizeof seen);
    const int marker = open(in_folder("marker"), O_RDONLY);
    EXPECT(marker >= 0);
    EXPECT_EQUAL(read(marker, seen, sizeof seen - 1), 6);
    EXPECT(strcmp(seen, "inside") == 0);
}
