// SPDX-License-Identifier: Apache-2.0
// carried: command line, environment, executable, name and auxiliary vector, as /proc/self shows them
#include "../conformance.h"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

struct text {
    char bytes[32768];
    ssize_t size;
};
static struct text command, environment, vector;
static char executable[512], random_bytes[16];
static struct stat executable_file;

static void slurp(const char* path, struct text* text) {
    memset(text, 0, sizeof *text);
    const int file = open(path, O_RDONLY);
    EXPECT(file >= 0);
    for (ssize_t got; (got = read(file, text->bytes + text->size, sizeof text->bytes - (size_t)text->size)) > 0;)
        text->size += got;
    EXPECT(text->size > 0);
    EXPECT(close(file) == 0);
}

static void setup(void) {
    EXPECT(prctl(PR_SET_NAME, "odd) (name\t1") == 0);
    slurp("/proc/self/cmdline", &command);
    slurp("/proc/self/environ", &environment);
    slurp("/proc/self/auxv", &vector);
    EXPECT(readlink("/proc/self/exe", executable, sizeof executable - 1) > 0);
    EXPECT(stat("/proc/self/exe", &executable_file) == 0);
    memcpy(random_bytes, (const void*)getauxval(AT_RANDOM), sizeof random_bytes);
}

static void expect_same(const char* path, const struct text* wanted) {
    static struct text now;
    slurp(path, &now);
    if (now.size != wanted->size || memcmp(now.bytes, wanted->bytes, (size_t)now.size) != 0) FAIL("%s differs", path);
}

static void check(void) {
    expect_same("/proc/self/cmdline", &command);
    expect_same("/proc/self/environ", &environment);
    expect_same("/proc/self/auxv", &vector);
    char seen[512] = {0}, name[17] = {0};
    EXPECT(readlink("/proc/self/exe", seen, sizeof seen - 1) > 0);
    EXPECT(strcmp(seen, executable) == 0);
    struct stat now;
    EXPECT(stat("/proc/self/exe", &now) == 0);
    EXPECT_EQUAL(now.st_ino, executable_file.st_ino);
    EXPECT(prctl(PR_GET_NAME, name) == 0);
    EXPECT(strcmp(name, "odd) (name\t1") == 0);
    EXPECT(memcmp((const void*)getauxval(AT_RANDOM), random_bytes, sizeof random_bytes) == 0);
    EXPECT(memcmp((const void*)getauxval(AT_SYSINFO_EHDR), ELFMAG, SELFMAG) == 0);
}
