// SPDX-License-Identifier: Apache-2.0
// carried: folder whose listing was half read
#include "../conformance.h"

#include <dirent.h>
#include <sys/syscall.h>

#define FILES 300

static int folder, seen[FILES];

/* Counts the entries of one read; false at the end. */
static bool list_some(void) {
    static _Alignas(8) char buffer[512];
    const long size = syscall(SYS_getdents64, folder, buffer, sizeof buffer);
    EXPECT(size >= 0);
    for (long at = 0; at < size;) {
        const struct dirent64* entry = (const void*)(buffer + at);
        at += entry->d_reclen;
        int number;
        if (sscanf(entry->d_name, "file-%d", &number) == 1) seen[number]++;
    }
    return size > 0;
}

static int seen_in_all(void) {
    int count = 0;
    for (int i = 0; i < FILES; i++) count += seen[i];
    return count;
}

static void setup(void) {
    EXPECT(mkdir(in_folder("full"), 0700) == 0);
    folder = open(in_folder("full"), O_RDONLY | O_DIRECTORY);
    EXPECT(folder >= 0);
    for (int i = 0; i < FILES; i++) {
        char name[32];
        snprintf(name, sizeof name, "file-%d", i);
        const int made = openat(folder, name, O_CREAT | O_WRONLY, 0600);
        EXPECT(made >= 0 && close(made) == 0);
    }
    while (seen_in_all() < FILES / 2) EXPECT(list_some());
    EXPECT(seen_in_all() < FILES);
}

static void check(void) {
    while (list_some()) {
    }
    for (int i = 0; i < FILES; i++) EXPECT_EQUAL(seen[i], 1);
    EXPECT(!list_some());
    EXPECT_EQUAL(lseek(folder, 0, SEEK_SET), 0);
    while (list_some()) {
    }
    EXPECT_EQUAL(seen_in_all(), 2 * FILES);
    EXPECT_EQUAL(fcntl(folder, F_GETFL) & O_DIRECTORY, O_DIRECTORY);
    EXPECT(faccessat(folder, "file-7", F_OK, 0) == 0);
}
