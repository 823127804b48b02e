// SPDX-License-Identifier: Apache-2.0
// carried: hugetlb mapping
#include "memory.h"

#define HUGE ((size_t)2 << 20)
#define SURPLUS "/proc/sys/vm/nr_overcommit_hugepages"
static char* memory;
static char surplus_before[32];

static bool set_surplus(const char* pages) {
    const int file = open(SURPLUS, O_WRONLY | O_CLOEXEC);
    const bool set = file >= 0 && write(file, pages, strlen(pages)) == (ssize_t)strlen(pages);
    if (file >= 0) close(file);
    return set;
}

/* Surplus pages are made when they are mapped and go afterwards: nothing is taken from the machine for good. */
static void allow_surplus(void) {
    const int file = open(SURPLUS, O_RDONLY | O_CLOEXEC);
    if (file < 0 || read(file, surplus_before, sizeof surplus_before - 1) <= 0) LACKS("huge pages");
    close(file);
    if (!set_surplus("16")) LACKS("huge pages, or the right to allow some");
}

static void setup(void) {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (21 << 26 /* MAP_HUGE_2MB */);
    memory = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (memory == MAP_FAILED) {
        allow_surplus();
        memory = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, flags, -1, 0);
        if (memory == MAP_FAILED) {
            set_surplus(surplus_before);
            LACKS("huge pages");
        }
    }
    fill(memory, HUGE, 1);
}

static void check(void) {
    await_turn();
    EXPECT(has_flag(memory, "ht"));
    EXPECT_EQUAL(mapping_at(memory).kernel_page_kb, HUGE / 1024);
    expect_own(memory, HUGE, 1);
    EXPECT(zeroed(memory + HUGE, HUGE));
    fill(memory + HUGE, HUGE, 2);
    EXPECT(munmap(memory, PAGE) == -1 && errno == EINVAL);
    EXPECT(munmap(memory, HUGE) == 0);
    EXPECT(filled(memory + HUGE, HUGE, 2));
    // The child's pages are reserved since it was made.
    if (!in_child() && surplus_before[0]) EXPECT(set_surplus(surplus_before));
    end_turn();
}
