/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <linux/time_types.h>

#include "restorer/blob/objects/object.h"

#define FF_O_TMPFILE 020000000 /* __O_TMPFILE: linux include/uapi/asm-generic/fcntl.h */
#define FF_TRIES 16u

/* A name that no other child on any node takes. */
static long randomName(char* name) {
    uint64_t number = 0;
    const long got = FF_CALL3(getrandom, &number, sizeof(number), 0);
    if (got < 0) return got;
    const char prefix[] = ".farfork-";
    for (uint32_t i = 0; i < sizeof(prefix) - 1; ++i) *name++ = prefix[i];
    for (uint32_t i = 0; i < 16; ++i) *name++ = (char)('a' + (number >> (4 * i) & 15));
    *name = 0;
    return 0;
}

/* A folder has a name, if only for a moment; so has a file where the file system knows no O_TMPFILE. */
static long makeWithName(int folder, int directory) {
    long result = -EEXIST;
    for (uint32_t i = 0; i < FF_TRIES && result == -EEXIST; ++i) {
        char name[32];
        result = randomName(name);
        if (result < 0) return result;
        if (directory) {
            result = FF_CALL3(mkdirat, folder, name, 0700);
            if (result == 0) result = FF_CALL4(openat, folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
        } else {
            result = FF_CALL4(openat, folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        }
        if (result >= 0) FF_CALL3(unlinkat, folder, name, directory ? 0x200 /* AT_REMOVEDIR */ : 0);
    }
    return result;
}

/* In the folder that it was in, if that is there, so on the same file system; else in /tmp. */
static long makeIn(const char* path, const struct ff_deleted* deleted, uint32_t flags) {
    const long folder = FF_CALL3(open, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (folder < 0) return folder;
    const int directory = S_ISDIR(deleted->mode);
    long made = -EOPNOTSUPP;
    if (!directory) made = FF_CALL4(openat, folder, ".", flags | FF_O_TMPFILE | O_DIRECTORY, 0600);
    if ((made == -EOPNOTSUPP || made == -EISDIR || made == -EINVAL) && !deleted->linkable) {
        made = makeWithName((int)folder, directory);
    }
    FF_CALL1(close, folder);
    return made;
}

static void fill(const struct ff_context* context, uint32_t index, long fd) {
    const struct ff_deleted* deleted = (const struct ff_deleted*)ff_file_at(context, index)->bytes;
    const struct ff_extent* extents = (const struct ff_extent*)(deleted + 1);
    uint64_t bytes = (uint64_t)(extents + deleted->extent_count);
    for (uint32_t i = 0; i < deleted->extent_count; ++i) {
        for (uint64_t done = 0; done < extents[i].size;) {
            const long wrote = FF_CALL4(pwrite64, fd, bytes + done, extents[i].size - done, extents[i].offset + done);
            if (wrote <= 0) ff_fail(context, FF_STEP_OBJECT, index, wrote < 0 ? wrote : -ENOSPC);
            done += (uint64_t)wrote;
        }
        bytes += extents[i].size;
    }
    if (S_ISREG(deleted->mode)) ff_check(context, FF_STEP_OBJECT, index, FF_CALL2(ftruncate, fd, deleted->size));
    ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(fchown, fd, deleted->uid, deleted->gid));
    ff_check(context, FF_STEP_OBJECT, index, FF_CALL2(fchmod, fd, deleted->mode & 07777));
    const struct __kernel_timespec times[2] = {{deleted->accessed_s, deleted->accessed_ns},
                                               {deleted->modified_s, deleted->modified_ns}};
    ff_check(context, FF_STEP_OBJECT, index, FF_CALL4(utimensat, fd, 0, times, 0));
}

static long make(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_file* file = ff_file_at(context, index);
    const struct ff_deleted* deleted = (const struct ff_deleted*)file->bytes;
    /* Only a description that O_TMPFILE made has it among its flags. With O_EXCL nobody can give it a name. */
    const int flagged = (file->open_flags & FF_O_TMPFILE) != 0;
    uint32_t flags = flagged ? file->open_flags & ~(uint32_t)(O_APPEND | O_DIRECT) : O_RDWR;
    if (!deleted->linkable) flags |= O_EXCL;
    long made = makeIn((const char*)file->path, deleted, flags);
    if (made == -ENOENT || made == -ENOTDIR) made = makeIn("/tmp", deleted, flags);
    ff_check(context, FF_STEP_OBJECT, index, made);
    fill(context, index, made);
    if (flagged) {
        const uint32_t settable = file->open_flags & (O_APPEND | O_DIRECT | O_NONBLOCK | O_NOATIME);
        ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(fcntl, made, F_SETFL, settable));
    }
    return made;
}

long ff_make_deleted(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_file* file = ff_file_at(context, index);
    const struct ff_deleted* deleted = (const struct ff_deleted*)file->bytes;
    const int flagged = (file->open_flags & FF_O_TMPFILE) != 0 && deleted->same_file < 0;
    const long of = deleted->same_file < 0 ? make(context, index) : deleted->same_file;
    long fd = of;
    if (!flagged) {
        /* O_NOFOLLOW would stop at the link in /proc; O_TMPFILE would make another file. */
        uint32_t flags = file->open_flags & ~(uint32_t)O_NOFOLLOW;
        if ((flags & FF_O_TMPFILE) != 0) flags &= ~(uint32_t)(FF_O_TMPFILE | O_DIRECTORY);
        fd = ff_check(context, FF_STEP_OBJECT, index, ff_reopen((int)of, flags));
        if (deleted->same_file < 0) FF_CALL1(close, of);
    }
    if (file->position != 0) {
        ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(lseek, fd, file->position, 0 /* SEEK_SET */));
    }
    return fd;
}
