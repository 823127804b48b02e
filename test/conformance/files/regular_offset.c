// SPDX-License-Identifier: Apache-2.0
// carried: regular file, read at an offset
#include "../conformance.h"

static int file;

static void setup(void) {
    const int maker = open(in_folder("numbers"), O_CREAT | O_WRONLY, 0600);
    EXPECT(maker >= 0);
    EXPECT_EQUAL(write(maker, "0123456789", 10), 10);
    EXPECT(close(maker) == 0);
    file = open(in_folder("numbers"), O_RDONLY);
    char seen[4];
    EXPECT_EQUAL(read(file, seen, sizeof seen), 4);
}

static void check(void) {
    char seen[7] = {0};
    EXPECT_EQUAL(lseek(file, 0, SEEK_CUR), 4);
    EXPECT_EQUAL(read(file, seen, 6), 6);
    EXPECT(strcmp(seen, "456789") == 0);
    EXPECT_EQUAL(fcntl(file, F_GETFL) & O_ACCMODE, O_RDONLY);
}
