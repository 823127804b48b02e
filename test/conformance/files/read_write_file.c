// SPDX-License-Identifier: Apache-2.0
// carried: file opened with O_RDWR | O_CREAT | O_TRUNC, its contents kept
#include "../conformance.h"

static int file, exclusive;

static void setup(void) {
    file = open(in_folder("both"), O_CREAT | O_TRUNC | O_RDWR, 0600);
    EXPECT(file >= 0 && write(file, "0123456789", 10) == 10 && lseek(file, 5, SEEK_SET) == 5);
    exclusive = open(in_folder("exclusive"), O_CREAT | O_EXCL | O_WRONLY, 0400);
    EXPECT(exclusive >= 0 && write(exclusive, "abc", 3) == 3);
}

static void check(void) {
    char seen[11] = {0};
    EXPECT_EQUAL(read(file, seen, 2), 2);
    EXPECT(strcmp(seen, "56") == 0);
    EXPECT_EQUAL(pread(file, seen, 10, 0), 10);
    EXPECT(strcmp(seen, "0123456789") == 0);
    const off_t place = in_child() ? 20 : 30;
    EXPECT_EQUAL(lseek(file, place, SEEK_SET), place);
    EXPECT_EQUAL(write(file, "W", 1), 1);
    EXPECT(pread(file, seen, 1, place) == 1 && seen[0] == 'W');
    EXPECT_EQUAL(fcntl(file, F_GETFL) & O_ACCMODE, O_RDWR);
    EXPECT_EQUAL(lseek(exclusive, 0, SEEK_CUR), 3);
    EXPECT_EQUAL(pwrite(exclusive, "d", 1, in_child() ? 20 : 30), 1);
    struct stat about;
    EXPECT(fstat(exclusive, &about) == 0 && about.st_size >= 21);
}
