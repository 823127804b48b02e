// SPDX-License-Identifier: Apache-2.0
// carried: mapped file in whose place another has been put since
#include "memory.h"

#define SIZE (4 * PAGE)
static char *memory, *shared;

static void setup(void) {
    const int file = make_file("file", SIZE, 1);
    memory = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, file, 0);
    EXPECT(memory != MAP_FAILED && close(file) == 0);
    // As a package manager does: same name, size and time, other contents.
    const int next = make_file("next", SIZE, 2);
    struct stat about;
    EXPECT(stat(in_folder("file"), &about) == 0);
    EXPECT(futimens(next, (struct timespec[]){about.st_atim, about.st_mtim}) == 0 && close(next) == 0);
    EXPECT(rename(in_folder("next"), in_folder("file")) == 0);
}

static void check(void) {
    EXPECT(filled(memory, SIZE, 1));
    const int file = open(in_folder("file"), O_RDONLY);
    EXPECT(file >= 0);
    shared = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, file, 0);
    EXPECT(shared != MAP_FAILED && filled(shared, SIZE, 2));
    EXPECT(filled(memory, SIZE, 1));
}
