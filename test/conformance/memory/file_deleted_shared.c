// SPDX-License-Identifier: Apache-2.0
// policy: deleted file mapped shared and writable: the child has its own copy
#include "memory.h"

#define SIZE (4 * PAGE)
static char *one, *other;

static void setup(void) {
    const int file = make_file("deleted", SIZE, 1);
    one = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    other = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, file, 0);
    EXPECT(one != MAP_FAILED && other != MAP_FAILED && close(file) == 0 && unlink(in_folder("deleted")) == 0);
    fill(one, PAGE, 2);
}

static void check(void) {
    await_turn();
    EXPECT(filled(one, PAGE, 2));
    static uint64_t wanted[SIZE / 8];
    fill(wanted, SIZE, 1);
    EXPECT(memcmp(one + PAGE, (char*)wanted + PAGE, 3 * PAGE) == 0);
    EXPECT(memcmp(one, other, SIZE) == 0);
    expect_own(one, PAGE, 2);
    fill(one + PAGE, 3 * PAGE, 5);
    EXPECT(memcmp(one, other, SIZE) == 0);
    EXPECT(shared_with_fork(one));
    EXPECT(msync(one, SIZE, MS_SYNC) == 0);
    EXPECT(access(in_folder("deleted"), F_OK) == -1 && errno == ENOENT);
    end_turn();
}
