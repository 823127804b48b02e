// SPDX-License-Identifier: Apache-2.0
// carried: offset beyond the end of a file that was cut
#include "../conformance.h"

static int file;

static void setup(void) {
    file = open(in_folder("cut"), O_CREAT | O_RDWR, 0600);
    EXPECT(file >= 0 && ftruncate(file, 5000000000) == 0 && lseek(file, 4900000000, SEEK_SET) == 4900000000);
    EXPECT(ftruncate(file, 10) == 0);
}

static void check(void) {
    char byte;
    EXPECT_EQUAL(lseek(file, 0, SEEK_CUR), 4900000000);
    EXPECT_EQUAL(read(file, &byte, 1), 0);
    struct stat about;
    EXPECT(fstat(file, &about) == 0);
    EXPECT_EQUAL(about.st_size, 10);
    EXPECT_EQUAL(lseek(file, 0, SEEK_END), 10);
    EXPECT_EQUAL(pread(file, &byte, 1, 9), 1);
}
