// SPDX-License-Identifier: Apache-2.0
// carried: duplicates (dup, F_DUPFD, dup3) share one offset, two opens of a file do not
#include "../conformance.h"

static int file, by_dup, by_fcntl, by_dup3, second;

static void setup(void) {
    file = open(in_folder("numbers"), O_CREAT | O_RDWR, 0600);
    EXPECT(file >= 0 && write(file, "0123456789", 10) == 10);
    by_dup = dup(file);
    by_fcntl = fcntl(file, F_DUPFD_CLOEXEC, 50);
    by_dup3 = dup3(file, 33, O_CLOEXEC);
    second = open(in_folder("numbers"), O_RDONLY);
    EXPECT(by_dup >= 0 && by_fcntl >= 50 && by_dup3 == 33 && second >= 0);
    EXPECT_EQUAL(lseek(by_dup, 3, SEEK_SET), 3);
    EXPECT_EQUAL(lseek(second, 8, SEEK_SET), 8);
}

static void check(void) {
    char digit;
    const int all[] = {file, by_dup, by_fcntl, by_dup3};
    for (int i = 0; i < 4; i++) {
        EXPECT_EQUAL(read(all[i], &digit, 1), 1);
        EXPECT_EQUAL(digit, '3' + i);
    }
    EXPECT(read(second, &digit, 1) == 1 && digit == '8');
    // Status flags belong to the description as well, close-on-exec to the number.
    EXPECT(fcntl(by_dup3, F_SETFL, O_APPEND) == 0);
    EXPECT_EQUAL(fcntl(file, F_GETFL) & O_APPEND, O_APPEND);
    EXPECT_EQUAL(fcntl(second, F_GETFL) & O_APPEND, 0);
    EXPECT_EQUAL(fcntl(file, F_GETFD), 0);
    EXPECT_EQUAL(fcntl(by_fcntl, F_GETFD), FD_CLOEXEC);
    EXPECT(close(file) == 0);
    EXPECT(read(by_fcntl, &digit, 1) == 1 && digit == '7');
}
