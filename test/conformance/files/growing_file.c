// SPDX-License-Identifier: Apache-2.0
// carried: file that grows all the time, read at its old end
#define CONFORMANCE_OWN_WAIT
#include "../conformance.h"

static int reader, writer;
static off_t position;

static void setup(void) {
    writer = open(in_folder("log"), O_CREAT | O_WRONLY | O_APPEND, 0600);
    reader = open(in_folder("log"), O_RDONLY);
    EXPECT(writer >= 0 && reader >= 0);
}

static void wait_for_go(void) {
    static char seen[64];
    while (!go_seen()) {
        EXPECT_EQUAL(write(writer, "grow", 4), 4);
        const ssize_t size = read(reader, seen, 3);
        EXPECT_EQUAL(size, 3);
        position += size;
        EXPECT_EQUAL(lseek(reader, 0, SEEK_CUR), position);
        sleep_ms(1);
    }
}

static void check(void) {
    struct stat about;
    EXPECT(fstat(reader, &about) == 0 && about.st_size >= position);
    EXPECT_EQUAL(lseek(reader, 0, SEEK_CUR), position);
    // To the end, and then what is added: a record of our own is among it.
    char seen[64];
    ssize_t size;
    while ((size = read(reader, seen, sizeof seen)) > 0) {
    }
    const char own = in_child() ? 'C' : 'P';
    EXPECT_EQUAL(write(writer, &own, 1), 1);
    bool found = false;
    while (!found) {
        EXPECT_EQUAL(read(reader, seen, 1), 1);
        found = seen[0] == own;
    }
}
