// SPDX-License-Identifier: Apache-2.0
// carried: memory-deny-write-execute (PR_SET_MDWE)
#include "../conformance.h"

#include <sys/mman.h>
#include <sys/prctl.h>

/* linux/prctl.h; older headers lack them. */
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_GET_MDWE 66
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

static void* page;

static void setup(void) {
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(page != MAP_FAILED);
    if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0) LACKS("PR_SET_MDWE");
}

static void check(void) {
    EXPECT_EQUAL(prctl(PR_GET_MDWE, 0, 0, 0, 0), PR_MDWE_REFUSE_EXEC_GAIN);
    EXPECT(prctl(PR_SET_MDWE, 0, 0, 0, 0) < 0 && errno == EPERM);
    EXPECT(mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0 && errno == EACCES);
    const int both = PROT_READ | PROT_WRITE | PROT_EXEC;
    EXPECT(mmap(NULL, 4096, both, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EACCES);
    EXPECT(mprotect(page, 4096, PROT_READ) == 0);
    EXPECT(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}
