/* SPDX-License-Identifier: Apache-2.0 */
/* Shared memory: made, filled, mapped, sealed. All of it is there before the jump: no fault reaches the pager. */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <linux/sched.h>

#include "restorer/blob/shared.h"

#define FF_MFD_NOEXEC_SEAL 8u
#define FF_MFD_EXEC 16u
#define FF_MFD_MODE 0777u

char* ff_decimal(uint64_t value, char text[24]) {
    char* at = text + 23;
    *at = 0;
    do *--at = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    return at;
}

long ff_reopen(int32_t fd, uint32_t flags) {
    static const char kFolder[14] = "/proc/self/fd/";
    char path[sizeof(kFolder) + 24];
    char text[24];
    const char* digits = ff_decimal((uint32_t)fd, text);
    memcpy(path, kFolder, sizeof(kFolder));
    memcpy(path + sizeof(kFolder), digits, (unsigned long)(text + 24 - digits));
    return FF_CALL3(open, path, flags, 0);
}

static uint64_t pageUp(uint64_t bytes) {
    return (bytes + FF_PAGE_SIZE - 1) & ~(FF_PAGE_SIZE - 1);
}

/* From Linux 6.3 on the sysctl vm.memfd_noexec chooses for those who do not. */
static long createMemfd(const struct ff_restorer_shared* object) {
    const uint32_t flags = MFD_CLOEXEC | (object->seals == F_SEAL_SEAL ? 0 : MFD_ALLOW_SEALING);
    long fd = FF_CALL2(memfd_create, object->name, flags | FF_MFD_EXEC);
    if (fd == -EINVAL) fd = FF_CALL2(memfd_create, object->name, flags);
    if (fd == -EACCES && (object->mode & 0111) == 0) {
        fd = FF_CALL2(memfd_create, object->name, flags | FF_MFD_NOEXEC_SEAL);
    }
    return fd;
}

/* In the cell's own /dev/shm; folders that it lies in are made. */
static long createNamed(const struct ff_restorer_shared* object) {
    static const uint32_t kFlags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    char path[4096];
    const char* name = (const char*)object->name;
    for (uint32_t i = 0; name[i] != 0; ++i) {
        if (i == sizeof(path)) return -ENAMETOOLONG;
        path[i] = name[i];
        if (name[i] != '/' || i < 9 /* "/dev/shm/" */) continue;
        path[i] = 0;
        const long made = FF_CALL2(mkdir, path, 0755);
        if (made < 0 && made != -EEXIST) return made;
        path[i] = '/';
    }
    return FF_CALL3(open, name, kFlags, 0600);
}

static void createFile(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_shared* object = ff_shared_at(context, index);
    const int named = object->kind == FF_SHARED_NAMED;
    const long low = ff_check(context, FF_STEP_SHARED, index, named ? createNamed(object) : createMemfd(object));
    const long fd =
        ff_check(context, FF_STEP_SHARED, index, FF_CALL3(fcntl, low, F_DUPFD_CLOEXEC, context->working->fds.fd_base));
    FF_CALL1(close, low);
    *ff_shared_fd(context, index) = (int32_t)fd;
    if (object->size != 0) ff_check(context, FF_STEP_SHARED, index, FF_CALL2(ftruncate, fd, object->size));
    if (object->uid != 0 || object->gid != 0) {
        ff_check(context, FF_STEP_SHARED, index, FF_CALL3(fchown, fd, object->uid, object->gid));
    }
    if (named || object->mode != FF_MFD_MODE) {
        ff_check(context, FF_STEP_SHARED, index, FF_CALL2(fchmod, fd, object->mode));
    }
}

/* Returns where its memory is for now. */
static uint64_t make(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_shared* object = ff_shared_at(context, index);
    *ff_shared_fd(context, index) = FF_NO_FD;
    if (object->kind == FF_SHARED_SYSV) return ff_make_segment(context, index);
    if (object->kind == FF_SHARED_PRIVATE) return 0;
    uint32_t flags = MAP_SHARED | MAP_NORESERVE;
    if (object->kind == FF_SHARED_ANONYMOUS)
        flags |= MAP_ANONYMOUS;
    else
        createFile(context, index);
    if (object->size == 0) return 0;
    return (uint64_t)ff_check(
        context, FF_STEP_SHARED, index,
        FF_CALL6(mmap, 0, pageUp(object->size), PROT_READ | PROT_WRITE, flags, *ff_shared_fd(context, index), 0));
}

static void copyRuns(const struct ff_context* context, uint32_t first, uint32_t count, uint64_t base,
                     uint64_t contents) {
    const struct ff_restorer_shared_run* runs = (const struct ff_restorer_shared_run*)context->arguments->shared_runs;
    for (uint32_t i = first; i < first + count; ++i) {
        memcpy((void*)(base + runs[i].start), (const void*)(contents + runs[i].source), runs[i].size);
    }
}

static void mapFile(const struct ff_context* context, uint32_t index, const struct ff_restorer_shared_map* part) {
    const struct ff_map* map = ff_map_at(context, part->map);
    const uint32_t reserve = (map->vma_flags & FF_VMA_NORESERVE) ? MAP_NORESERVE : 0;
    const uint32_t anonymous = ff_shared_at(context, index)->kind == FF_SHARED_PRIVATE ? MAP_ANONYMOUS : 0;
    const uint32_t flags = MAP_FIXED | reserve | anonymous | (part->is_private ? MAP_PRIVATE : MAP_SHARED);
    const uint32_t prot = part->is_private ? PROT_READ | PROT_WRITE : map->prot;
    int32_t fd = *ff_shared_fd(context, index);
    if (part->never_writable) {
        fd = (int32_t)ff_check(context, FF_STEP_SHARED_MAP, part->map, ff_reopen(fd, O_RDONLY | O_CLOEXEC));
    }
    ff_check(context, FF_STEP_SHARED_MAP, part->map,
             FF_CALL6(mmap, map->start, map->end - map->start, prot, flags, fd, part->offset));
    if (part->never_writable) FF_CALL1(close, fd);
}

/* An old size of 0 makes another mapping of the same memory (mremap(2)). */
static void mapAnonymous(const struct ff_context* context, const struct ff_restorer_shared_map* part, uint64_t base) {
    const struct ff_map* map = ff_map_at(context, part->map);
    const uint64_t size = map->end - map->start;
    ff_check(context, FF_STEP_SHARED_MAP, part->map,
             FF_CALL5(mremap, base + part->offset, 0, size, MREMAP_MAYMOVE | MREMAP_FIXED, map->start));
    ff_check(context, FF_STEP_SHARED_MAP, part->map, FF_CALL3(mprotect, map->start, size, map->prot));
}

static void mapAll(const struct ff_context* context, uint32_t index, uint64_t base, uint64_t contents) {
    const struct ff_restorer_shared* object = ff_shared_at(context, index);
    for (uint32_t i = object->map_first; i < object->map_first + object->map_count; ++i) {
        const struct ff_restorer_shared_map* part = ff_shared_map_at(context, i);
        if (object->kind == FF_SHARED_SYSV)
            ff_attach_segment(context, index, part);
        else if (object->kind == FF_SHARED_ANONYMOUS)
            mapAnonymous(context, part, base);
        else
            mapFile(context, index, part);
    }
    /* Pages that private mappings had copied, then their protections. */
    copyRuns(context, object->run_first + object->run_count, object->private_count, 0, contents);
    for (uint32_t i = object->map_first; i < object->map_first + object->map_count; ++i) {
        const struct ff_restorer_shared_map* part = ff_shared_map_at(context, i);
        const struct ff_map* map = ff_map_at(context, part->map);
        if (part->is_private) {
            ff_check(context, FF_STEP_SHARED_MAP, part->map,
                     FF_CALL3(mprotect, map->start, map->end - map->start, map->prot));
        }
        if (map->vma_flags != 0) ff_advise(context, part->map);
    }
}

static void finish(const struct ff_context* context, uint32_t index, uint64_t base) {
    const struct ff_restorer_shared* object = ff_shared_at(context, index);
    if (object->kind == FF_SHARED_SYSV) {
        ff_finish_segment(context, index, base);
        return;
    }
    if (object->kind == FF_SHARED_PRIVATE) return;
    if (object->size != 0) FF_CALL2(munmap, base, pageUp(object->size));
    if (object->kind == FF_SHARED_ANONYMOUS || object->seals == 0 || object->seals == F_SEAL_SEAL) return;
    ff_check(context, FF_STEP_SHARED, index,
             FF_CALL3(fcntl, *ff_shared_fd(context, index), F_ADD_SEALS, object->seals));
}

void ff_make_shared(const struct ff_context* context) {
    const struct ff_restorer_arguments* arguments = context->arguments;
    if (arguments->shared_count == 0) return;
    if (arguments->own_names) {
        /* Never in the node's own name space. */
        if ((context->working->request.namespaces & CLONE_NEWNS) == 0) ff_fail(context, FF_STEP_SHARED, 0, -EPERM);
        ff_check(context, FF_STEP_SHARED, 0,
                 FF_CALL5(mount, "farfork-shm", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"));
    }
    uint64_t contents = 0;
    if (arguments->descriptor_bytes != 0) {
        contents = (uint64_t)ff_check(context, FF_STEP_SHARED, 0,
                                      FF_CALL6(mmap, 0, arguments->descriptor_bytes, PROT_READ, MAP_PRIVATE,
                                               context->working->fds.descriptor, 0));
    }
    for (uint32_t i = 0; i < arguments->shared_count; ++i) {
        const struct ff_restorer_shared* object = ff_shared_at(context, i);
        const uint64_t base = make(context, i);
        copyRuns(context, object->run_first, object->run_count, base, contents);
        mapAll(context, i, base, contents);
        finish(context, i, base);
    }
    if (contents != 0) FF_CALL2(munmap, contents, arguments->descriptor_bytes);
}
