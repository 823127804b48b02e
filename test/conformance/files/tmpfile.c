// SPDX-License-Identifier: Apache-2.0
// carried: O_TMPFILE file, which can still be given a name; a copy of its own for each child
#include "../conformance.h"

static int file;

static void setup(void) {
    file = open(conformance_folder, O_TMPFILE | O_RDWR, 0640);
    if (file < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) LACKS("O_TMPFILE");
    EXPECT(file >= 0 && fchmod(file, 0640) == 0 && write(file, "0123456789", 10) == 10);
    EXPECT(ftruncate(file, 100000) == 0 && lseek(file, 6, SEEK_SET) == 6);
}

static void check(void) {
    char seen[4] = {0}, path[64];
    // Written first, and the other process's mark looked for then: were it one file, the later would see the earlier.
    const off_t own = in_child() ? 50000 : 60000, others = in_child() ? 60000 : 50000;
    EXPECT_EQUAL(pwrite(file, "mine", 4, own), 4);
    EXPECT_EQUAL(pread(file, seen, 4, others), 4);
    EXPECT(memcmp(seen, "\0\0\0\0", 4) == 0);
    EXPECT(read(file, seen, 1) == 1 && seen[0] == '6');
    struct stat about;
    EXPECT(fstat(file, &about) == 0);
    EXPECT_EQUAL(about.st_mode, S_IFREG | 0640);
    EXPECT_EQUAL(about.st_nlink, 0);
    EXPECT_EQUAL(about.st_size, 100000);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    const char* name = in_folder(in_child() ? "of-child" : "of-parent");
    EXPECT(linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0);
    const int again = open(name, O_RDONLY);
    EXPECT(again >= 0 && pread(again, seen, 4, own) == 4);
    EXPECT(memcmp(seen, "mine", 4) == 0);
}
