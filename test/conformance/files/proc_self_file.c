// SPDX-License-Identifier: Apache-2.0
// carried: files of /proc/self, which tell of the child in the child
#include "../conformance.h"

static int status, command, folder;

static long number_in(const char* text, const char* field) {
    const char* at = strstr(text, field);
    EXPECT(at != NULL);
    return strtol(at + strlen(field), NULL, 10);
}

static void setup(void) {
    char byte;
    status = open("/proc/self/status", O_RDONLY);
    command = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    folder = open("/proc/self", O_RDONLY | O_DIRECTORY);
    EXPECT(status >= 0 && folder >= 0 && command >= 0 && read(command, &byte, 1) == 1);
}

static void check(void) {
    static char text[8192];
    EXPECT(read(status, text, sizeof text - 1) > 0);
    EXPECT_EQUAL(number_in(text, "\nPid:"), getpid());
    // Which differs between parent and child.
    EXPECT_EQUAL(number_in(text, "\nPPid:"), getppid());
    EXPECT_EQUAL(lseek(command, 0, SEEK_CUR), 1);
    memset(text, 0, sizeof text);
    EXPECT(read(command, text, sizeof text - 1) > 0);
    EXPECT(strcmp(text + strlen(text) + 1, conformance_go) == 0);
    const int stat_file = openat(folder, "stat", O_RDONLY);
    EXPECT(stat_file >= 0 && read(stat_file, text, sizeof text - 1) > 0);
    EXPECT_EQUAL(strtol(text, NULL, 10), getpid());
    EXPECT_EQUAL(strtol(strrchr(text, ')') + 3, NULL, 10), getppid());
    EXPECT_EQUAL(fcntl(command, F_GETFD), FD_CLOEXEC);
}
