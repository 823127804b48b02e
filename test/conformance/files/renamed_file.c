// SPDX-License-Identifier: Apache-2.0
// carried: renamed file, with another one at its old name
#include "../conformance.h"

static int file;

static void setup(void) {
    file = open(in_folder("old"), O_CREAT | O_RDWR, 0600);
    EXPECT(file >= 0 && write(file, "the same", 8) == 8 && lseek(file, 4, SEEK_SET) == 4);
    EXPECT(rename(in_folder("old"), in_folder("new")) == 0);
    const int decoy = open(in_folder("old"), O_CREAT | O_EXCL | O_WRONLY, 0600);
    EXPECT(decoy >= 0 && write(decoy, "not this", 8) == 8 && close(decoy) == 0);
}

static void check(void) {
    struct stat held, named;
    EXPECT(fstat(file, &held) == 0 && stat(in_folder("new"), &named) == 0);
    EXPECT(held.st_ino == named.st_ino && held.st_dev == named.st_dev);
    char seen[5] = {0};
    EXPECT_EQUAL(read(file, seen, 4), 4);
    EXPECT(strcmp(seen, "same") == 0);
    const off_t place = in_child() ? 20 : 30;
    EXPECT_EQUAL(pwrite(file, "W", 1, place), 1);
    const int again = open(in_folder("new"), O_RDONLY);
    EXPECT(again >= 0 && pread(again, seen, 1, place) == 1 && seen[0] == 'W');
}
