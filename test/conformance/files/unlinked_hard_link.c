// SPDX-License-Identifier: Apache-2.0
// carried: file whose name was removed while a hard link keeps it
#include "../conformance.h"

static int file;

static void setup(void) {
    file = open(in_folder("first"), O_CREAT | O_RDWR, 0600);
    EXPECT(file >= 0 && write(file, "0123456789", 10) == 10 && lseek(file, 4, SEEK_SET) == 4);
    EXPECT(link(in_folder("first"), in_folder("other")) == 0 && unlink(in_folder("first")) == 0);
}

static void check(void) {
    // It is no deleted file: a child with a copy would write where nobody reads.
    struct stat held, named;
    EXPECT(fstat(file, &held) == 0 && stat(in_folder("other"), &named) == 0);
    EXPECT(held.st_ino == named.st_ino && held.st_dev == named.st_dev);
    EXPECT_EQUAL(held.st_nlink, 1);
    char digit;
    EXPECT(read(file, &digit, 1) == 1 && digit == '4');
    const off_t place = in_child() ? 20 : 30;
    EXPECT_EQUAL(pwrite(file, "W", 1, place), 1);
    const int again = open(in_folder("other"), O_RDONLY);
    EXPECT(again >= 0 && pread(again, &digit, 1, place) == 1 && digit == 'W');
    EXPECT(access(in_folder("first"), F_OK) == -1 && errno == ENOENT);
}
