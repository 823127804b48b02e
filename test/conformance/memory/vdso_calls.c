// SPDX-License-Identifier: Apache-2.0
// carried: the vdso
#include "memory.h"

#include <dlfcn.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

static int (*vdso_time)(clockid_t, struct timespec*);
static int (*vdso_cpu)(unsigned*, unsigned*, void*);
static char* image;

static void setup(void) {
    image = (char*)getauxval(AT_SYSINFO_EHDR);
    void* vdso = dlopen("linux-vdso.so.1", RTLD_NOLOAD | RTLD_LAZY);
    if (image == NULL || vdso == NULL) LACKS("a vdso");
    vdso_time = (int (*)(clockid_t, struct timespec*))dlsym(vdso, "__vdso_clock_gettime");
    vdso_cpu = (int (*)(unsigned*, unsigned*, void*))dlsym(vdso, "__vdso_getcpu");
    EXPECT(vdso_time != NULL && vdso_cpu != NULL);
}

static int64_t ns_of(struct timespec time) {
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void check(void) {
    EXPECT((char*)getauxval(AT_SYSINFO_EHDR) == image);
    EXPECT(memcmp(image, "\177ELF", 4) == 0);
    EXPECT(strcmp(mapping_at(image).path, "[vdso]") == 0);
    for (int turn = 0; turn < 1000; turn++) {
        // The vdso's clock is that of the kernel, whose answers are before and after.
        const clockid_t clock = turn % 2 ? CLOCK_MONOTONIC : CLOCK_BOOTTIME;
        struct timespec before, now, after;
        EXPECT(syscall(SYS_clock_gettime, clock, &before) == 0);
        EXPECT(vdso_time(clock, &now) == 0);
        EXPECT(syscall(SYS_clock_gettime, clock, &after) == 0);
        EXPECT(ns_of(before) <= ns_of(now) && ns_of(now) <= ns_of(after));
    }
    struct timespec vdso, kernel;
    EXPECT(vdso_time(CLOCK_REALTIME, &vdso) == 0 && syscall(SYS_clock_gettime, CLOCK_REALTIME, &kernel) == 0);
    EXPECT(llabs(ns_of(kernel) - ns_of(vdso)) < INT64_C(5000000000));
    cpu_set_t only, all;
    EXPECT(sched_getaffinity(0, sizeof all, &all) == 0);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &all)) continue;
        CPU_ZERO(&only);
        CPU_SET(cpu, &only);
        unsigned seen, node;
        EXPECT(sched_setaffinity(0, sizeof only, &only) == 0 && vdso_cpu(&seen, &node, NULL) == 0);
        EXPECT_EQUAL(seen, cpu);
    }
}
