// SPDX-License-Identifier: Apache-2.0
// refused: write lease, which the child's opening of the file would break
// names: lease
#include "../conformance.h"

static int file;
static volatile sig_atomic_t breaks;

static void note(int number) {
    (void)number;
    breaks++;
}

static void setup(void) {
    signal(SIGIO, note);
    file = open(in_folder("written"), O_CREAT | O_RDWR, 0600);
    EXPECT(file >= 0 && write(file, "0123", 4) == 4);
    if (fcntl(file, F_SETLEASE, F_WRLCK) != 0) LACKS("leases on this file system");
}

static void check(void) {
    EXPECT_EQUAL(fcntl(file, F_GETLEASE), F_WRLCK);
    EXPECT_EQUAL(breaks, 0);
    EXPECT(fcntl(file, F_SETLEASE, F_UNLCK) == 0);
}
