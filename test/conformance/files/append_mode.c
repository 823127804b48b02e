// SPDX-License-Identifier: Apache-2.0
// carried: file opened to append
#include "../conformance.h"

static int file;

static void setup(void) {
    file = open(in_folder("log"), O_CREAT | O_RDWR | O_APPEND, 0600);
    EXPECT(file >= 0 && write(file, "begin", 5) == 5);
    EXPECT_EQUAL(lseek(file, 2, SEEK_SET), 2);
}

static void check(void) {
    EXPECT_EQUAL(lseek(file, 0, SEEK_CUR), 2);
    EXPECT_EQUAL(fcntl(file, F_GETFL) & (O_APPEND | O_ACCMODE), O_APPEND | O_RDWR);
    const char record = in_child() ? 'C' : 'P';
    char seen[5];
    // Wherever the position is, a record goes to the end, and nobody's record is written over.
    for (int i = 0; i < 20; i++) {
        EXPECT_EQUAL(lseek(file, 0, SEEK_SET), 0);
        EXPECT_EQUAL(write(file, &record, 1), 1);
        const off_t end = lseek(file, 0, SEEK_CUR);
        EXPECT(end >= 6 + i);
        EXPECT(pread(file, seen, 1, end - 1) == 1 && seen[0] == record);
    }
    EXPECT_EQUAL(pread(file, seen, 5, 0), 5);
    EXPECT(memcmp(seen, "begin", 5) == 0);
    int own = 0;
    for (off_t at = 5; pread(file, seen, 1, at) == 1; at++) own += seen[0] == record;
    EXPECT_EQUAL(own, 20);
}
