// SPDX-License-Identifier: Apache-2.0
// carried: deleted file, with other files now at its names; a copy of its own for each child
#include "../conformance.h"

#define SIZE 300000
#define LENGTH 1000000

static int file, duplicate, second;

static char pattern(off_t at) {
    return (char)(at * 7 + at / 4096);
}

static void decoy(const char* name) {
    const int made = open(in_folder(name), O_CREAT | O_EXCL | O_WRONLY, 0600);
    EXPECT(made >= 0 && write(made, "decoy", 5) == 5 && close(made) == 0);
}

static void setup(void) {
    static char bytes[SIZE];
    for (off_t at = 0; at < SIZE; at++) bytes[at] = pattern(at);
    file = open(in_folder("doomed"), O_CREAT | O_RDWR, 0640);
    EXPECT(file >= 0 && fchmod(file, 0640) == 0 && write(file, bytes, SIZE) == SIZE);
    EXPECT(ftruncate(file, LENGTH) == 0 && lseek(file, 12345, SEEK_SET) == 12345);
    duplicate = dup(file);
    second = open(in_folder("doomed"), O_RDONLY);
    EXPECT(duplicate >= 0 && second >= 0 && lseek(second, 99, SEEK_SET) == 99);
    EXPECT(unlink(in_folder("doomed")) == 0);
    decoy("doomed");
    decoy("doomed (deleted)");
}

static void check(void) {
    struct stat held, of_second;
    EXPECT(fstat(file, &held) == 0 && fstat(second, &of_second) == 0);
    EXPECT_EQUAL(held.st_size, LENGTH);
    EXPECT_EQUAL(held.st_mode, S_IFREG | 0640);
    EXPECT_EQUAL(held.st_nlink, 0);
    EXPECT(held.st_ino == of_second.st_ino && held.st_dev == of_second.st_dev);
    EXPECT_EQUAL(lseek(file, 0, SEEK_CUR), 12345);
    EXPECT_EQUAL(lseek(second, 0, SEEK_CUR), 99);
    // Written first, and the other process's mark looked for then: were it one file, the later would see the earlier.
    const off_t own = in_child() ? 500000 : 600000, others = in_child() ? 600000 : 500000;
    EXPECT_EQUAL(pwrite(file, "mine", 4, own), 4);
    static char seen[LENGTH];
    EXPECT_EQUAL(pread(second, seen, LENGTH, 0), LENGTH);
    for (off_t at = 0; at < SIZE; at++) EXPECT_EQUAL(seen[at], pattern(at));
    EXPECT(memcmp(seen + own, "mine", 4) == 0);
    EXPECT(memcmp(seen + others, "\0\0\0\0", 4) == 0);
    for (off_t at = SIZE; at < 500000; at++) EXPECT_EQUAL(seen[at], 0);
    EXPECT_EQUAL(read(duplicate, seen, 1), 1);
    EXPECT_EQUAL(seen[0], pattern(12345));
    EXPECT_EQUAL(lseek(file, 0, SEEK_CUR), 12346);
    EXPECT(write(second, "x", 1) == -1 && errno == EBADF);
    EXPECT(stat(in_folder("doomed"), &held) == 0);
    EXPECT_EQUAL(held.st_size, 5);
}
