// SPDX-License-Identifier: Apache-2.0
// carried: System V segment that is removed but attached
#include "segment.h"

#define SIZE (4 * PAGE)
static int segment;
static char* memory;

static void setup(void) {
    segment = make_segment(SIZE, 0600);
    memory = shmat(segment, NULL, 0);
    EXPECT(memory != (void*)-1 && shmctl(segment, IPC_RMID, NULL) == 0);
    fill(memory, SIZE, 1);
}

static void check(void) {
    await_turn();
    const struct shmid_ds about = segment_stat(segment);
    EXPECT(about.shm_perm.mode & SHM_DEST);
    EXPECT_EQUAL(about.shm_perm.__key, IPC_PRIVATE);
    EXPECT_EQUAL(about.shm_nattch, 1);
    EXPECT_EQUAL(about.shm_segsz, SIZE);
    EXPECT(shared_with_fork(memory));
    expect_own(memory, SIZE, 1);
    // Linux attaches a removed segment again as long as it is there; the last detach ends it.
    char* again = shmat(segment, NULL, 0);
    EXPECT(again != (void*)-1 && memcmp(again, memory, SIZE) == 0);
    EXPECT(shmdt(again) == 0 && shmdt(memory) == 0);
    EXPECT(shmat(segment, NULL, 0) == (void*)-1 && (errno == EINVAL || errno == EIDRM));
    end_turn();
}
