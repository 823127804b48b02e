// SPDX-License-Identifier: Apache-2.0
// carried: System V segment attached twice
#include "segment.h"

#define SIZE (4 * PAGE)
static int segment;
static char *one, *other;

static void setup(void) {
    segment = make_segment(SIZE, 0600);
    one = shmat(segment, NULL, 0);
    other = shmat(segment, NULL, 0);
    EXPECT(one != (void*)-1 && other != (void*)-1 && one != other);
    fill(one, SIZE, 1);
}

static void check(void) {
    await_turn();
    EXPECT_EQUAL(segment_stat(segment).shm_nattch, 2);
    EXPECT(memcmp(one, other, SIZE) == 0);
    expect_own(one, SIZE, 1);
    EXPECT(memcmp(one, other, SIZE) == 0);
    fill(other, PAGE, 5);
    EXPECT(filled(one, PAGE, 5));
    EXPECT(shmdt(one) == 0);
    EXPECT_EQUAL(segment_stat(segment).shm_nattch, 1);
    EXPECT_EQUAL(fault_of(one, READS), SIGSEGV);
    EXPECT(filled(other, PAGE, 5));
    EXPECT(shared_with_fork(other));
    EXPECT(shmctl(segment, IPC_RMID, NULL) == 0);
    end_turn();
}
