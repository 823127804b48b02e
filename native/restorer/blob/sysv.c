/* SPDX-License-Identifier: Apache-2.0 */
/* System V segments: the cell has an ipc namespace of its own, so ids and keys are free. */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/ipc.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/shm.h>

#include "restorer/blob/shared.h"

#define FF_SAME_ID ((uint32_t)-1)

/* The next segment gets this id (Documentation/admin-guide/sysctl/kernel.rst, *_next_id). */
static void chooseId(const struct ff_context* context, uint32_t index, int32_t id) {
    char text[24];
    const char* digits = ff_decimal((uint64_t)id, text);
    const long fd =
        ff_check(context, FF_STEP_SHARED, index, FF_CALL2(open, "/proc/sys/kernel/shm_next_id", O_WRONLY | O_CLOEXEC));
    ff_check(context, FF_STEP_SHARED, index, FF_CALL3(write, fd, digits, text + 23 - digits));
    FF_CALL1(close, fd);
}

/* Its creator is whoever calls shmget, and stays it. */
static long makeAs(const struct ff_restorer_shared* object) {
    const long user = FF_CALL0(geteuid), group = FF_CALL0(getegid);
    const int other = user != (long)object->sysv_cuid || group != (long)object->sysv_cgid;
    if (other) {
        FF_CALL3(setresgid, FF_SAME_ID, object->sysv_cgid, FF_SAME_ID);
        FF_CALL3(setresuid, FF_SAME_ID, object->sysv_cuid, FF_SAME_ID);
    }
    const long id = FF_CALL3(shmget, object->sysv_key, object->size, IPC_CREAT | IPC_EXCL | object->mode);
    if (other) {
        FF_CALL3(setresuid, FF_SAME_ID, user, FF_SAME_ID);
        FF_CALL3(setresgid, FF_SAME_ID, group, FF_SAME_ID);
        FF_CALL5(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0); /* a change of credentials clears it */
    }
    return id;
}

uint64_t ff_make_segment(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_shared* object = ff_shared_at(context, index);
    chooseId(context, index, object->sysv_id);
    const long id = ff_check(context, FF_STEP_SHARED, index, makeAs(object));
    if (id != object->sysv_id) ff_fail(context, FF_STEP_SHARED, index, -EEXIST);
    if (object->uid != object->sysv_cuid || object->gid != object->sysv_cgid) {
        struct shmid64_ds about = {.shm_perm = {.uid = object->uid, .gid = object->gid, .mode = object->mode}};
        ff_check(context, FF_STEP_SHARED, index, FF_CALL3(shmctl, id, IPC_SET, &about));
    }
    return (uint64_t)ff_check(context, FF_STEP_SHARED, index, FF_CALL3(shmat, id, 0, 0));
}

/* A whole segment at once; its parts may have other protections. */
void ff_attach_segment(const struct ff_context* context, uint32_t index, const struct ff_restorer_shared_map* part) {
    const struct ff_map* map = ff_map_at(context, part->map);
    if (part->attach) {
        const int flags = SHM_REMAP | (part->never_writable ? SHM_RDONLY : 0);
        ff_check(context, FF_STEP_SHARED_MAP, part->map,
                 FF_CALL3(shmat, ff_shared_at(context, index)->sysv_id, map->start, flags));
    }
    ff_check(context, FF_STEP_SHARED_MAP, part->map, FF_CALL3(mprotect, map->start, map->end - map->start, map->prot));
}

void ff_finish_segment(const struct ff_context* context, uint32_t index, uint64_t filled_at) {
    const struct ff_restorer_shared* object = ff_shared_at(context, index);
    ff_check(context, FF_STEP_SHARED, index, FF_CALL1(shmdt, filled_at));
    if (object->sysv_removed) {
        ff_check(context, FF_STEP_SHARED, index, FF_CALL3(shmctl, object->sysv_id, IPC_RMID, 0));
    }
}
