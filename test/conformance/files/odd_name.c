// SPDX-License-Identifier: Apache-2.0
// carried: file whose name has odd characters and ends like a deleted one's
#include "../conformance.h"

#define NAME "a b\n\t\\040\"\xc3\xa9\xff (deleted)"

static int file;

static void setup(void) {
    file = open(in_folder(NAME), O_CREAT | O_RDWR, 0600);
    if (file < 0 && errno == EILSEQ) LACKS("file names of any bytes");
    EXPECT(file >= 0 && write(file, "0123", 4) == 4 && lseek(file, 1, SEEK_SET) == 1);
}

static void check(void) {
    struct stat held, named;
    EXPECT(fstat(file, &held) == 0 && stat(in_folder(NAME), &named) == 0);
    EXPECT(held.st_ino == named.st_ino && held.st_nlink == 1);
    char digit;
    EXPECT(read(file, &digit, 1) == 1 && digit == '1');
}
