// SPDX-License-Identifier: Apache-2.0
// carried: memfd mapped shared and, with pages of its own, private
#include "memory.h"

#define SIZE (4 * PAGE)
static char *all, *own;

static void setup(void) {
    const int file = memfd_create("conformance", MFD_CLOEXEC);
    EXPECT(file >= 0 && ftruncate(file, SIZE) == 0);
    all = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    own = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    EXPECT(all != MAP_FAILED && own != MAP_FAILED && close(file) == 0);
    fill(all, SIZE, 1);
    fill(own + PAGE, PAGE, 2);
}

static void check(void) {
    await_turn();
    EXPECT(filled(all, SIZE, 1));
    EXPECT(filled(own + PAGE, PAGE, 2));
    EXPECT(memcmp(own, all, PAGE) == 0);
    EXPECT(memcmp(own + 2 * PAGE, all + 2 * PAGE, 2 * PAGE) == 0);
    // A page that was never written to is the file's still.
    fill(all + 2 * PAGE, PAGE, 30 + in_child());
    EXPECT(filled(own + 2 * PAGE, PAGE, 30 + in_child()));
    fill(all + PAGE, PAGE, 31);
    EXPECT(filled(own + PAGE, PAGE, 2));
    fill(own, PAGE, 32);
    EXPECT(filled(all, PAGE, 1));
    EXPECT(madvise(own, SIZE, MADV_DONTNEED) == 0);
    EXPECT(memcmp(own, all, SIZE) == 0);
    EXPECT(shared_with_fork(all));
    EXPECT(!shared_with_fork(own));
    end_turn();
}
