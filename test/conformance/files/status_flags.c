// SPDX-License-Identifier: Apache-2.0
// carried: status flags of open files: O_NONBLOCK, O_SYNC, O_DSYNC, O_NOATIME, O_DIRECT
#include "../conformance.h"

#define KINDS (O_NONBLOCK | O_SYNC | O_DSYNC | O_NOATIME | O_DIRECT | O_APPEND | O_ACCMODE)
#define COUNT (sizeof wanted / sizeof wanted[0])

static const int wanted[] = {
    O_RDONLY,
    O_RDONLY | O_NONBLOCK,
    O_WRONLY | O_SYNC,
    O_RDWR | O_DSYNC,
    O_RDONLY | O_NOATIME,
    O_RDONLY | O_NONBLOCK | O_NOATIME,  // set later, by fcntl
    O_RDONLY | O_DIRECT,
};
static int files[COUNT];

static void setup(void) {
    const int maker = open(in_folder("file"), O_CREAT | O_WRONLY, 0600);
    EXPECT(maker >= 0 && ftruncate(maker, 8192) == 0 && close(maker) == 0);
    for (size_t i = 0; i < COUNT; i++) {
        files[i] = open(in_folder("file"), i == 5 ? O_RDONLY : wanted[i]);
        if (i == 6 && files[i] < 0 && errno == EINVAL) continue;  // a file system without direct I/O
        EXPECT(files[i] >= 0);
    }
    EXPECT(fcntl(files[5], F_SETFL, O_NONBLOCK | O_NOATIME) == 0);
}

static void check(void) {
    for (size_t i = 0; i < COUNT; i++) {
        if (files[i] >= 0) EXPECT_EQUAL(fcntl(files[i], F_GETFL) & KINDS, wanted[i]);
    }
    // Of the descriptions, each has its own.
    EXPECT(fcntl(files[1], F_SETFL, 0) == 0);
    EXPECT_EQUAL(fcntl(files[5], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    static _Alignas(4096) char block[4096];
    if (files[6] >= 0) EXPECT_EQUAL(read(files[6], block, sizeof block), sizeof block);
}
