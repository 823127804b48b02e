// SPDX-License-Identifier: Apache-2.0
// carried: file opened with rights that the process has given up since
#include "../conformance.h"

#define NOBODY 65534

static int file;

static void setup(void) {
    file = open(in_folder("secret"), O_CREAT | O_RDWR, 0600);
    EXPECT(file >= 0 && write(file, "0123456789", 10) == 10 && lseek(file, 6, SEEK_SET) == 6);
    // The real user stays, by which access(2), and so go_seen(), judges.
    if (seteuid(NOBODY) != 0) LACKS("root");
    EXPECT(open(in_folder("secret"), O_RDONLY) == -1 && errno == EACCES);
}

static void check(void) {
    EXPECT_EQUAL(geteuid(), NOBODY);
    EXPECT(open(in_folder("secret"), O_RDONLY) == -1 && errno == EACCES);
    char digit;
    EXPECT(read(file, &digit, 1) == 1 && digit == '6');
    const off_t place = in_child() ? 20 : 30;
    EXPECT_EQUAL(pwrite(file, "W", 1, place), 1);
    EXPECT(pread(file, &digit, 1, place) == 1 && digit == 'W');
    EXPECT(seteuid(0) == 0);
}
