// SPDX-License-Identifier: Apache-2.0
// carried: resource limits, soft below hard
#include "../conformance.h"

#include <sys/resource.h>

static struct rlimit limits[RLIM_NLIMITS];
static volatile sig_atomic_t exceeded;

static void on_exceeded(int signal) {
    (void)signal;
    exceeded++;
}

static void setup(void) {
    const struct {
        int resource;
        rlim_t soft, hard;
    } wanted[] = {
        {RLIMIT_NOFILE, 64, 128},      {RLIMIT_FSIZE, 4096, 1 << 20},
        {RLIMIT_CORE, 0, 4096},        {RLIMIT_MEMLOCK, 4096, 8192},
        {RLIMIT_SIGPENDING, 10, 20},   {RLIMIT_CPU, 1000, 2000},
        {RLIMIT_MSGQUEUE, 1000, 2000}, {RLIMIT_RTTIME, 5000000, RLIM_INFINITY},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const struct rlimit limit = {wanted[i].soft, wanted[i].hard};
        EXPECT(setrlimit(wanted[i].resource, &limit) == 0);
    }
    for (int i = 0; i < RLIM_NLIMITS; i++) EXPECT(getrlimit(i, &limits[i]) == 0);
    EXPECT(signal(SIGXFSZ, on_exceeded) != SIG_ERR);
}

static void check(void) {
    for (int i = 0; i < RLIM_NLIMITS; i++) {
        struct rlimit now;
        EXPECT(getrlimit(i, &now) == 0);
        if (now.rlim_cur != limits[i].rlim_cur || now.rlim_max != limits[i].rlim_max)
            FAIL("limit %d is %llu, %llu", i, (unsigned long long)now.rlim_cur, (unsigned long long)now.rlim_max);
    }
    const int file = open(in_folder(in_child() ? "child" : "parent"), O_CREAT | O_EXCL | O_WRONLY, 0600);
    EXPECT(file >= 0);
    EXPECT_EQUAL(pwrite(file, "x", 1, 4095), 1);
    EXPECT_EQUAL(exceeded, 0);
    EXPECT(pwrite(file, "x", 1, 4096) < 0 && errno == EFBIG);
    EXPECT_EQUAL(exceeded, 1);
    int last = file, next;
    while ((next = dup(file)) >= 0) last = next;
    EXPECT_EQUAL(errno, EMFILE);
    EXPECT_EQUAL(last, 63);
    const struct rlimit more = {65, 128};
    EXPECT(setrlimit(RLIMIT_NOFILE, &more) == 0);
    EXPECT_EQUAL(dup(file), 64);
}
