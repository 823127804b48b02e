// SPDX-License-Identifier: Apache-2.0
// policy: POSIX record lock: the child holds no lock, the parent keeps its own
#include "../conformance.h"

#include <sys/wait.h>

static int file;

/* Whether another process, made for this, finds the record locked by this one. */
static bool locked_by_us(void) {
    const pid_t us = getpid(), asker = fork();
    EXPECT(asker >= 0);
    if (asker == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5};
        if (fcntl(file, F_GETLK, &lock) != 0) _exit(2);
        _exit(lock.l_type == F_WRLCK && lock.l_pid == us && lock.l_start == 10 && lock.l_len == 5);
    }
    int status = -1;
    AWAIT(waitpid(asker, &status, WNOHANG) == asker);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
    return WEXITSTATUS(status) == 1;
}

static void setup(void) {
    file = open(in_folder("locked"), O_CREAT | O_RDWR, 0600);
    EXPECT(file >= 0 && write(file, "0123", 4) == 4 && lseek(file, 2, SEEK_SET) == 2);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5};
    EXPECT(fcntl(file, F_SETLK, &lock) == 0 && locked_by_us());
}

static void check(void) {
    char digit;
    EXPECT(read(file, &digit, 1) == 1 && digit == '2');
    // The child's pid is the parent's, but not to the kernel: it names an owner outside of its namespace as 0.
    EXPECT_EQUAL(locked_by_us(), !in_child());
    // The child may take another record; that it does not know the parent's away, the parent sees.
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = in_child() ? 100 : 200, .l_len = 1};
    EXPECT(fcntl(file, F_SETLK, &lock) == 0);
    if (in_child()) return;
    for (int round = 0; round < 10; round++) {
        EXPECT(locked_by_us());
        sleep_ms(1);
    }
}
