// SPDX-License-Identifier: Apache-2.0
// refused: deleted file of more than a seed holds of them
// names: deleted
#include "../conformance.h"

#define SIZE (80 << 20)

static int file;

static void setup(void) {
    file = open(in_folder("large"), O_CREAT | O_RDWR, 0600);
    EXPECT(file >= 0 && unlink(in_folder("large")) == 0);
    EXPECT(posix_fallocate(file, 0, SIZE) == 0);
    static char bytes[1 << 20];
    memset(bytes, 'x', sizeof bytes);
    for (int i = 0; i < SIZE; i += (int)sizeof bytes) EXPECT_EQUAL(write(file, bytes, sizeof bytes), sizeof bytes);
}

static void check(void) {
    char byte = 0;
    EXPECT_EQUAL(lseek(file, 0, SEEK_CUR), SIZE);
    EXPECT(pread(file, &byte, 1, SIZE - 1) == 1 && byte == 'x');
}
