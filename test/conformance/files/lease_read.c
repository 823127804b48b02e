// SPDX-License-Identifier: Apache-2.0
// policy: read lease: the child holds none, the parent keeps its own
#include "../conformance.h"

static int file;
static volatile sig_atomic_t breaks;

static void note(int number) {
    (void)number;
    breaks++;
}

static void setup(void) {
    signal(SIGIO, note);
    const int maker = open(in_folder("watched"), O_CREAT | O_WRONLY, 0600);
    EXPECT(maker >= 0 && write(maker, "0123", 4) == 4 && close(maker) == 0);
    file = open(in_folder("watched"), O_RDONLY);
    EXPECT(file >= 0 && lseek(file, 2, SEEK_SET) == 2);
    if (fcntl(file, F_SETLEASE, F_RDLCK) != 0) LACKS("leases on this file system");
}

static void check(void) {
    char digit;
    EXPECT(read(file, &digit, 1) == 1 && digit == '2');
    if (in_child()) {
        EXPECT_EQUAL(fcntl(file, F_GETLEASE), F_UNLCK);
        EXPECT_EQUAL(breaks, 0);
        return;
    }
    EXPECT_EQUAL(fcntl(file, F_GETLEASE), F_RDLCK);
    EXPECT_EQUAL(breaks, 0);
    // It works: a writer has to wait, and the holder is told.
    EXPECT(open(in_folder("watched"), O_WRONLY | O_NONBLOCK) == -1 && errno == EWOULDBLOCK);
    AWAIT(breaks == 1);
    // Given up by the only one that had it.
    EXPECT(fcntl(file, F_SETLEASE, F_UNLCK) == 0);
    EXPECT(open(in_folder("watched"), O_WRONLY | O_NONBLOCK) >= 0);
}
