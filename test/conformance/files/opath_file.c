// SPDX-License-Identifier: Apache-2.0
// carried: O_PATH descriptor of a file
#include "../conformance.h"

static int path_only;

static void setup(void) {
    const int maker = open(in_folder("named"), O_CREAT | O_WRONLY, 0600);
    EXPECT(maker >= 0 && write(maker, "inside", 6) == 6 && close(maker) == 0);
    path_only = open(in_folder("named"), O_PATH | O_CLOEXEC);
    EXPECT(path_only >= 0);
}

static void check(void) {
    char seen[8] = {0}, link[64];
    EXPECT(read(path_only, seen, 1) == -1 && errno == EBADF);
    EXPECT(lseek(path_only, 0, SEEK_CUR) == -1 && errno == EBADF);
    EXPECT_EQUAL(fcntl(path_only, F_GETFL) & O_PATH, O_PATH);
    EXPECT_EQUAL(fcntl(path_only, F_GETFD), FD_CLOEXEC);
    struct stat held, named;
    EXPECT(fstat(path_only, &held) == 0 && stat(in_folder("named"), &named) == 0);
    EXPECT(held.st_ino == named.st_ino && held.st_dev == named.st_dev);
    snprintf(link, sizeof link, "/proc/self/fd/%d", path_only);
    const int opened = open(link, O_RDONLY);
    EXPECT(opened >= 0);
    EXPECT_EQUAL(read(opened, seen, 6), 6);
    EXPECT(strcmp(seen, "inside") == 0);
}
