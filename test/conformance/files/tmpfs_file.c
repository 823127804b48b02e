// SPDX-License-Identifier: Apache-2.0
// carried: file on a tmpfs
#include "../conformance.h"

#include <linux/magic.h>
#include <sys/vfs.h>

static int file;
static char path[128];

static void setup(void) {
    struct statfs system;
    if (statfs("/dev/shm", &system) != 0 || system.f_type != TMPFS_MAGIC) LACKS("a tmpfs at /dev/shm");
    snprintf(path, sizeof path, "/dev/shm/farfork-conformance-files-%d", (int)getpid());
    file = open(path, O_CREAT | O_TRUNC | O_RDWR, 0600);
    EXPECT(file >= 0 && write(file, "0123456789", 10) == 10 && lseek(file, 3, SEEK_SET) == 3);
}

static void check(void) {
    struct statfs system;
    EXPECT(fstatfs(file, &system) == 0 && system.f_type == TMPFS_MAGIC);
    char seen[4] = {0};
    EXPECT_EQUAL(read(file, seen, 3), 3);
    EXPECT(strcmp(seen, "345") == 0);
    const off_t place = in_child() ? 20 : 30;
    EXPECT_EQUAL(pwrite(file, "W", 1, place), 1);
    EXPECT(pread(file, seen, 1, place) == 1 && seen[0] == 'W');
    // Whoever of the two comes last finds it gone.
    EXPECT(unlink(path) == 0 || errno == ENOENT);
}
