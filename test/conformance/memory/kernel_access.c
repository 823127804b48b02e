// SPDX-License-Identifier: Apache-2.0
// carried: system calls that read and write memory that the child has not touched
#include "memory.h"

#include <sys/utsname.h>

#define SIZE (16 * PAGE)
static char *from, *into;
static char *path, *about;

static void setup(void) {
    from = map_anonymous(SIZE);
    into = map_anonymous(SIZE);
    fill(from, SIZE, 1);
    fill(into, SIZE, 2);
    path = map_anonymous(64 * PAGE);
    about = path + 32 * PAGE;
    strcpy(path + PAGE - 20, conformance_folder);  // over the end of a page
    memset(about, 'a', 2 * PAGE);
}

static void check(void) {
    await_turn();
    int ends[2];
    EXPECT(pipe(ends) == 0);
    static uint64_t wanted[SIZE / 8];
    fill(wanted, SIZE, 2);
    // Neither begins at a page: each call meets two pages that are elsewhere yet.
    for (size_t i = 0; i + 2 * PAGE <= SIZE; i += PAGE) {
        EXPECT_EQUAL(write(ends[1], from + i + 1000, PAGE), PAGE);
        EXPECT_EQUAL(read(ends[0], into + i + 3000, PAGE), PAGE);
    }
    EXPECT(filled(from, SIZE, 1));
    memcpy((char*)wanted + 3000, from + 1000, SIZE - PAGE);
    EXPECT(memcmp(into, wanted, SIZE) == 0);
    EXPECT(access(path + PAGE - 20, F_OK) == 0);
    EXPECT(stat(path + PAGE - 20, (struct stat*)(about + PAGE - 64)) == 0);
    EXPECT(S_ISDIR(((struct stat*)(about + PAGE - 64))->st_mode));
    EXPECT_EQUAL(about[0], 'a');
    EXPECT_EQUAL(about[2 * PAGE - 1], 'a');
    fill(from, SIZE, 8);
    fill(into, SIZE, 8);
    end_turn();
}
