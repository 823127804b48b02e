// SPDX-License-Identifier: Apache-2.0
// carried: file of /proc about the machine, read in part
#include "../conformance.h"

static int memory, setting;

static void setup(void) {
    char seen[16];
    memory = open("/proc/meminfo", O_RDONLY);
    setting = open("/proc/sys/kernel/ostype", O_RDONLY);
    EXPECT(memory >= 0 && setting >= 0 && read(memory, seen, 3) == 3 && read(setting, seen, 2) == 2);
}

static void check(void) {
    char seen[32] = {0};
    EXPECT_EQUAL(read(memory, seen, 6), 6);
    EXPECT(strcmp(seen, "Total:") == 0);
    EXPECT_EQUAL(lseek(memory, 0, SEEK_SET), 0);
    EXPECT_EQUAL(read(memory, seen, 9), 9);
    EXPECT(strcmp(seen, "MemTotal:") == 0);
    memset(seen, 0, sizeof seen);
    EXPECT_EQUAL(read(setting, seen, sizeof seen), 4);
    EXPECT(strcmp(seen, "nux\n") == 0);
}
