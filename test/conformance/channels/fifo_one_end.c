// SPDX-License-Identifier: Apache-2.0
// refused: FIFO of which the process holds one end: others open the other by its name
// names: its other end is outside the process
#include "../conformance.h"

static int read_end;

static void setup(void) {
    EXPECT(mkfifo(in_folder("fifo"), 0600) == 0);
    read_end = open(in_folder("fifo"), O_RDONLY | O_NONBLOCK);
    EXPECT(read_end >= 0);
}

static void check(void) {
    char seen[8] = {0};
    const int writer = open(in_folder("fifo"), O_WRONLY);
    EXPECT(writer >= 0);
    EXPECT_EQUAL(write(writer, "late", 4), 4);
    EXPECT_EQUAL(read(read_end, seen, sizeof seen), 4);
    EXPECT(strcmp(seen, "late") == 0);
}
