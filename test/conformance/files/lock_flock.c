// SPDX-License-Identifier: Apache-2.0
// policy: flock: the child holds no lock, the parent keeps its own
#include "../conformance.h"

#include <sys/file.h>

static int file;

/* Whether /proc says that this descriptor of ours holds a lock. */
static bool holds_lock(int fd) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    FILE* info = fopen(path, "re");
    EXPECT(info != NULL);
    bool holds = false;
    while (fgets(line, sizeof line, info)) holds |= strncmp(line, "lock:", 5) == 0;
    fclose(info);
    return holds;
}

static void setup(void) {
    file = open(in_folder("locked"), O_CREAT | O_RDWR, 0600);
    EXPECT(file >= 0 && write(file, "0123", 4) == 4 && lseek(file, 2, SEEK_SET) == 2);
    EXPECT(flock(file, LOCK_EX) == 0 && holds_lock(file));
}

static void check(void) {
    char digit;
    EXPECT(read(file, &digit, 1) == 1 && digit == '2');
    EXPECT_EQUAL(holds_lock(file), !in_child());
    if (in_child()) {
        // To unlock what it does not hold takes nothing from the parent.
        EXPECT(flock(file, LOCK_UN) == 0);
        return;
    }
    const int other = open(in_folder("locked"), O_RDWR);
    EXPECT(other >= 0);
    for (int round = 0; round < 50; round++) {
        EXPECT(flock(other, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK);
        sleep_ms(1);
    }
    // Given up by the only one that had it.
    EXPECT(flock(file, LOCK_UN) == 0);
    EXPECT(flock(other, LOCK_EX | LOCK_NB) == 0);
}
