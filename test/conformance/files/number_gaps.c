// SPDX-License-Identifier: Apache-2.0
// carried: gaps in the numbers, and nothing else open
#include "../conformance.h"

#include <dirent.h>

static const int numbers[] = {3, 7, 8, 20};

static void setup(void) {
    const int file = open(in_folder("numbers"), O_CREAT | O_RDWR, 0600);
    EXPECT_EQUAL(file, 3);
    for (int i = 1; i < 4; i++) EXPECT_EQUAL(dup2(file, numbers[i]), numbers[i]);
}

static void check(void) {
    DIR* folder = opendir("/proc/self/fd");
    EXPECT(folder != NULL);
    // The lowest free number; and whoever resumed us left nothing open.
    EXPECT_EQUAL(dirfd(folder), 4);
    int listed = 0;
    for (const struct dirent* entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        const int number = atoi(entry->d_name);
        bool known = number <= 2 || number == 4;
        for (int i = 0; i < 4; i++) known |= number == numbers[i];
        if (!known) FAIL("descriptor %d is open", number);
        listed++;
    }
    EXPECT_EQUAL(listed, 8);
    EXPECT(closedir(folder) == 0);
    for (int wanted = 4; wanted < 7; wanted++) EXPECT_EQUAL(dup(3), wanted);
    EXPECT_EQUAL(dup(3), 9);
}
