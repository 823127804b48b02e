/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the programs with System V segments. */
#ifndef FARFORK_TEST_CONFORMANCE_SEGMENT_H
#define FARFORK_TEST_CONFORMANCE_SEGMENT_H

#include "memory.h"

#include <sys/ipc.h>
#include <sys/shm.h>

#define FIRST_KEY 0x66617266

static key_t segment_key;

__attribute__((unused)) static struct shmid_ds segment_stat(int segment) {
    struct shmid_ds about;
    EXPECT(shmctl(segment, IPC_STAT, &about) == 0);
    return about;
}

/* A new segment under segment_key. A run that was killed cannot remove its own: the next one does. */
__attribute__((unused)) static int make_segment(size_t size, int mode) {
    for (segment_key = FIRST_KEY; segment_key < FIRST_KEY + 64; segment_key++) {
        const int left = shmget(segment_key, 0, 0);
        struct shmid_ds about;
        if (left >= 0 && shmctl(left, IPC_STAT, &about) == 0 && about.shm_nattch == 0) shmctl(left, IPC_RMID, NULL);
        const int segment = shmget(segment_key, size, IPC_CREAT | IPC_EXCL | mode);
        if (segment >= 0) return segment;
        if (errno == ENOSYS) LACKS("System V shared memory");
    }
    FAIL("no key is free");
}

#endif
