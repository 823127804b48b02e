// SPDX-License-Identifier: Apache-2.0
// carried: System V shared memory segment with its id and key, as the child's own
#include "segment.h"

#define SIZE (4 * PAGE)
static int segment;
static char* memory;

static void setup(void) {
    segment = make_segment(SIZE - 100, 0640);
    memory = shmat(segment, NULL, 0);
    EXPECT(memory != (void*)-1);
    fill(memory, 2 * PAGE, 1);
}

static void check(void) {
    await_turn();
    const struct shmid_ds about = segment_stat(segment);
    EXPECT_EQUAL(about.shm_perm.__key, segment_key);
    EXPECT_EQUAL(about.shm_perm.mode & 07777, 0640);
    EXPECT_EQUAL(about.shm_perm.uid, geteuid());
    EXPECT_EQUAL(about.shm_perm.cuid, geteuid());
    EXPECT_EQUAL(about.shm_segsz, SIZE - 100);
    EXPECT_EQUAL(about.shm_nattch, 1);
    EXPECT_EQUAL(about.shm_cpid, getpid());
    EXPECT_EQUAL(shmget(segment_key, SIZE - 100, 0), segment);
    EXPECT(zeroed(memory + 2 * PAGE, 2 * PAGE));
    EXPECT(shared_with_fork(memory));
    expect_own(memory, 2 * PAGE, 1);
    // Attached anew, it is the same memory; detached everywhere, it lives on until it is removed.
    char* again = shmat(segment, NULL, 0);
    EXPECT(again != (void*)-1 && memcmp(again, memory, SIZE) == 0);
    EXPECT(shmdt(memory) == 0 && shmdt(again) == 0);
    EXPECT_EQUAL(segment_stat(segment).shm_nattch, 0);
    again = shmat(segment, NULL, 0);
    EXPECT(again != (void*)-1 && filled(again, 2 * PAGE, 1001 + in_child()));
    EXPECT(shmctl(segment, IPC_RMID, NULL) == 0);
    EXPECT(shmget(segment_key, 0, 0) == -1 && errno == ENOENT);
    end_turn();
}
