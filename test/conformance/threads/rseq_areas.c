// SPDX-License-Identifier: Apache-2.0
// carried: rseq area of each thread: the C library's, one of its own, none
#include "../conformance.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/rseq.h>
#include <sys/syscall.h>

enum { LIBRARY, OWN, NONE, WORKERS, LENGTH = 32, OWN_SIGNATURE = 0x1234abcd, UNREGISTER = 1 };
static struct rseq own_area;
static pthread_t threads[WORKERS];
static atomic_int started, critical, aborted;

static struct rseq* library_area(void) {
    return (struct rseq*)((char*)__builtin_thread_pointer() + __rseq_offset);
}

static long call(struct rseq* area, int flags, unsigned signature) {
    return syscall(SYS_rseq, area, LENGTH, flags, signature);
}

/* The kernel must write to this area wherever the thread goes. */
static void expect_follows(const struct rseq* area) {
    cpu_set_t all;
    EXPECT(sched_getaffinity(0, sizeof all, &all) == 0);
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &all)) continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        EXPECT(sched_setaffinity(0, sizeof one, &one) == 0);
        EXPECT_EQUAL(*(volatile uint32_t*)&area->cpu_id, cpu);
        EXPECT_EQUAL(*(volatile uint32_t*)&area->cpu_id_start, cpu);
    }
    EXPECT(sched_setaffinity(0, sizeof all, &all) == 0);
}

/* A critical section that only an abort ends. */
static void be_aborted(struct rseq* area) {
    __asm__ volatile(
        ".pushsection .data.rseq_cs, \"aw\"\n .balign 32\n 3: .long 0, 0\n .quad 1f, 2f - 1f, 4f\n .popsection\n"
        "lea 3b(%%rip), %%rax\n mov %%rax, 8(%0)\n"
        "1: pause\n jmp 1b\n 2: ud2\n"
        ".byte 0x0f, 0xb9, 0x3d\n .long %c1\n 4:\n"
        :
        : "r"(area), "i"(RSEQ_SIG)
        : "rax", "memory", "cc");
}

static void note(int number) {
    (void)number;
}

static void* work(void* argument) {
    const int i = (int)(intptr_t)argument;
    struct rseq* area = library_area();
    if (i != LIBRARY) EXPECT(call(area, UNREGISTER, RSEQ_SIG) == 0);
    if (i == OWN) EXPECT(call(area = &own_area, 0, OWN_SIGNATURE) == 0);
    started++;
    wait_for_go();
    if (i == NONE) {
        EXPECT_EQUAL((int32_t)area->cpu_id, RSEQ_CPU_ID_UNINITIALIZED);
        EXPECT(call(area, UNREGISTER, RSEQ_SIG) == -1 && errno == EINVAL);
        EXPECT(call(area, 0, RSEQ_SIG) == 0);
    }
    EXPECT(call(area, 0, i == OWN ? OWN_SIGNATURE : RSEQ_SIG) == -1 && errno == EBUSY);
    expect_follows(area);
    if (i == OWN) EXPECT_EQUAL((int32_t)library_area()->cpu_id, RSEQ_CPU_ID_UNINITIALIZED);
    if (i == LIBRARY) {
        critical = 1;
        be_aborted(area);
        EXPECT(area->rseq_cs == 0);
        aborted = 1;
    }
    EXPECT(call(area, UNREGISTER, i == OWN ? OWN_SIGNATURE : RSEQ_SIG) == 0);
    return NULL;
}

static void setup(void) {
    if (__rseq_size == 0) LACKS("rseq");
    EXPECT(signal(SIGUSR1, note) != SIG_ERR);
    for (int i = 0; i < WORKERS; i++) EXPECT(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
    AWAIT(started == WORKERS);
}

static void check(void) {
    EXPECT(call(library_area(), 0, RSEQ_SIG) == -1 && errno == EBUSY);
    expect_follows(library_area());
    AWAIT(critical);
    AWAIT(pthread_kill(threads[LIBRARY], SIGUSR1) != 0 || aborted);
    for (int i = 0; i < WORKERS; i++) AWAIT(pthread_tryjoin_np(threads[i], NULL) == 0);
}
