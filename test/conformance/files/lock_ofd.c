// SPDX-License-Identifier: Apache-2.0
// policy: open file description lock: the child holds no lock, the parent keeps its own
#include "../conformance.h"

static int file;

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
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 8};
    EXPECT(fcntl(file, F_OFD_SETLK, &lock) == 0 && holds_lock(file));
}

static void check(void) {
    char digit;
    EXPECT(read(file, &digit, 1) == 1 && digit == '2');
    EXPECT_EQUAL(holds_lock(file), !in_child());
    if (in_child()) return;
    const int other = open(in_folder("locked"), O_RDWR);
    EXPECT(other >= 0);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 1};
    for (int round = 0; round < 50; round++) {
        EXPECT(fcntl(other, F_OFD_SETLK, &lock) == -1 && (errno == EAGAIN || errno == EACCES));
        sleep_ms(1);
    }
    // Given up by the only one that had it.
    struct flock unlock = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 8};
    EXPECT(fcntl(file, F_OFD_SETLK, &unlock) == 0);
    EXPECT(fcntl(other, F_OFD_SETLK, &lock) == 0);
}
