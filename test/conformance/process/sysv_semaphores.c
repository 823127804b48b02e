// SPDX-License-Identifier: Apache-2.0
// refused: System V semaphores, with adjustments to undo
// names: System V semaphores
#include "../conformance.h"

#include <sched.h>
#include <sys/ipc.h>
#include <sys/sem.h>

static const key_t key = 0x66617231;
static int set;
static time_t operated;

static void expect_value(unsigned short number, int wanted) {
    EXPECT_EQUAL(semctl(set, number, GETVAL), wanted);
}

static void setup(void) {
    const int old = semget(key, 0, 0);
    if (old >= 0) semctl(old, 0, IPC_RMID);
    set = semget(key, 3, IPC_CREAT | IPC_EXCL | 0640);
    if (set < 0) LACKS("System V semaphores");
    unsigned short values[] = {3, 5, 7};
    EXPECT(semctl(set, 0, SETALL, values) == 0);
    struct sembuf changes[] = {{0, -2, SEM_UNDO}, {2, 4, SEM_UNDO}, {1, 1, 0}};
    EXPECT(semop(set, changes, 3) == 0);
    struct semid_ds about;
    EXPECT(semctl(set, 0, IPC_STAT, &about) == 0);
    operated = about.sem_otime;
}

static void check(void) {
    EXPECT_EQUAL(semget(key, 3, 0), set);
    expect_value(0, 1);
    expect_value(1, 6);
    expect_value(2, 11);
    EXPECT_EQUAL(semctl(set, 0, GETPID), getpid());
    struct semid_ds about;
    EXPECT(semctl(set, 0, IPC_STAT, &about) == 0);
    EXPECT_EQUAL(about.sem_perm.mode & 0777, 0640);
    EXPECT_EQUAL(about.sem_nsems, 3);
    EXPECT_EQUAL(about.sem_otime, operated);
    struct sembuf too_much = {0, -2, IPC_NOWAIT}, enough = {0, -1, IPC_NOWAIT};
    EXPECT(semop(set, &too_much, 1) < 0 && errno == EAGAIN);
    EXPECT(semop(set, &enough, 1) == 0);
    /* Undoes at once, as the end of the process would. */
    EXPECT(unshare(CLONE_SYSVSEM) == 0);
    expect_value(0, 2);
    expect_value(1, 6);
    expect_value(2, 7);
    EXPECT(semctl(set, 0, IPC_RMID) == 0);
}
