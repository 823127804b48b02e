// SPDX-License-Identifier: Apache-2.0
// carried: System V segment attached read-only
#include "segment.h"

#define SIZE (4 * PAGE)
static int segment;
static char* memory;

static void setup(void) {
    segment = make_segment(SIZE, 0600);
    char* writable = shmat(segment, NULL, 0);
    EXPECT(writable != (void*)-1);
    fill(writable, SIZE, 1);
    EXPECT(shmdt(writable) == 0);
    memory = shmat(segment, NULL, SHM_RDONLY);
    EXPECT(memory != (void*)-1);
}

static void check(void) {
    await_turn();
    EXPECT(has_permissions(memory, "r--s"));
    EXPECT_EQUAL(segment_stat(segment).shm_nattch, 1);
    EXPECT_EQUAL(segment_stat(segment).shm_perm.__key, segment_key);
    EXPECT(filled(memory, SIZE, 1));
    EXPECT_EQUAL(fault_of(memory, WRITES), SIGSEGV);
    EXPECT(mprotect(memory, SIZE, PROT_READ | PROT_WRITE) == -1 && errno == EACCES);
    char* writable = shmat(segment, NULL, 0);
    EXPECT(writable != (void*)-1);
    expect_own(writable, SIZE, 1);
    EXPECT(memcmp(memory, writable, SIZE) == 0);
    EXPECT(shmctl(segment, IPC_RMID, NULL) == 0);
    end_turn();
}
