// SPDX-License-Identifier: Apache-2.0
// carried: two opens of one file, each with its own offset and mode
#include "../conformance.h"

static int reader, writer;

static void setup(void) {
    writer = open(in_folder("shared"), O_CREAT | O_WRONLY, 0600);
    EXPECT(writer >= 0 && write(writer, "abcdefghij", 10) == 10);
    reader = open(in_folder("shared"), O_RDONLY);
    char seen[2];
    EXPECT(reader >= 0 && read(reader, seen, 2) == 2);
}

static void check(void) {
    char seen[2] = {0};
    EXPECT_EQUAL(lseek(writer, 0, SEEK_CUR), 10);
    EXPECT_EQUAL(lseek(reader, 0, SEEK_CUR), 2);
    EXPECT(read(writer, seen, 1) == -1 && errno == EBADF);
    EXPECT(write(reader, seen, 1) == -1 && errno == EBADF);
    // Each process at a place of its own: the file is one.
    const off_t place = in_child() ? 20 : 40;
    EXPECT_EQUAL(lseek(writer, place, SEEK_SET), place);
    EXPECT_EQUAL(write(writer, "Z", 1), 1);
    EXPECT_EQUAL(lseek(reader, 0, SEEK_CUR), 2);
    EXPECT(pread(reader, seen, 1, place) == 1 && seen[0] == 'Z');
    EXPECT_EQUAL(read(reader, seen, 2), 2);
    EXPECT(memcmp(seen, "cd", 2) == 0);
    EXPECT_EQUAL(lseek(writer, 0, SEEK_CUR), place + 1);
}
