// SPDX-License-Identifier: Apache-2.0
// carried: process title moved to other memory (PR_SET_MM_MAP)
#include "../conformance.h"

#include <linux/prctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

static char* title;

static void expect_title(const char* wanted, size_t size) {
    char seen[128] = {0};
    const int file = open("/proc/self/cmdline", O_RDONLY);
    EXPECT(file >= 0);
    EXPECT_EQUAL(read(file, seen, sizeof seen), size);
    EXPECT(memcmp(seen, wanted, size) == 0);
    EXPECT(close(file) == 0);
}

static void setup(void) {
    char text[2048] = {0};
    const int file = open("/proc/self/stat", O_RDONLY);
    EXPECT(read(file, text, sizeof text - 1) > 0);
    EXPECT(close(file) == 0);
    uint64_t fields[53] = {0};
    char* rest = strrchr(text, ')') + 2;
    for (int i = 3; i < 53 && rest; i++) fields[i] = strtoull(strsep(&rest, " "), NULL, 10);
    title = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(title != MAP_FAILED);
    strcpy(title, "conformance: waiting");
    struct prctl_mm_map map = {
        .start_code = fields[26],
        .end_code = fields[27],
        .start_data = fields[45],
        .end_data = fields[46],
        .start_brk = fields[47],
        .brk = (uint64_t)sbrk(0),
        .start_stack = fields[28],
        .arg_start = (uint64_t)title,
        .arg_end = (uint64_t)title + 21,
        .env_start = fields[50],
        .env_end = fields[51],
        .exe_fd = (uint32_t)-1,
    };
    if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0) != 0) LACKS("PR_SET_MM_MAP");
    expect_title("conformance: waiting", 21);
}

static void check(void) {
    expect_title("conformance: waiting", 21);
    memcpy(title + 13, "checked", 7);
    expect_title("conformance: checked", 21);
    char name[64] = {0};
    const int file = open("/proc/self/environ", O_RDONLY);
    EXPECT(file >= 0);
    EXPECT(read(file, name, sizeof name - 1) > 0);
    EXPECT(strncmp(name, environ[0], strnlen(name, 32)) == 0);
}
