// SPDX-License-Identifier: Apache-2.0
// carried: O_PATH descriptor of a symbolic link itself
#include "../conformance.h"

static int link_itself;

static void setup(void) {
    const int maker = open(in_folder("target"), O_CREAT | O_WRONLY, 0600);
    EXPECT(maker >= 0 && close(maker) == 0);
    EXPECT(symlink("target", in_folder("link")) == 0);
    link_itself = open(in_folder("link"), O_PATH | O_NOFOLLOW);
    EXPECT(link_itself >= 0);
}

static void check(void) {
    struct stat held;
    EXPECT(fstat(link_itself, &held) == 0);
    EXPECT(S_ISLNK(held.st_mode));
    char seen[16] = {0};
    EXPECT_EQUAL(readlinkat(link_itself, "", seen, sizeof seen - 1), 6);
    EXPECT(strcmp(seen, "target") == 0);
    EXPECT_EQUAL(fcntl(link_itself, F_GETFL) & (O_PATH | O_NOFOLLOW), O_PATH | O_NOFOLLOW);
}
