/* SPDX-License-Identifier: Apache-2.0 */
/* The child's descriptors. Everything below fd_base is free when this begins; entries ascend by number, and a new
 * descriptor takes the lowest free number, so that most need no move. */
#include <asm/stat.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "restorer/blob/blob.h"

void ff_place(const struct ff_context* context, uint32_t index, long fd, int close_source) {
    const struct ff_restorer_file* file = &((const struct ff_restorer_file*)context->arguments->files)[index];
    if (fd == file->fd) return;
    ff_check(context, FF_STEP_DUP, index, FF_CALL3(dup3, fd, file->fd, file->close_on_exec ? O_CLOEXEC : 0));
    if (close_source) FF_CALL1(close, fd);
}

/* A position in a folder is the file system's own (hashes of names, for one): in another folder it would leave entries
 * out, or show them twice. */
static void checkFolder(const struct ff_context* context, uint32_t index, long fd) {
    const struct ff_restorer_file* file = &((const struct ff_restorer_file*)context->arguments->files)[index];
    struct stat about;
    if (file->kind != FF_FILE_REGULAR) return;
    ff_check(context, FF_STEP_SEEK, index, FF_CALL2(fstat, fd, &about));
    if (S_ISDIR(about.st_mode) && about.st_ino != file->inode) ff_fail(context, FF_STEP_SEEK, index, -ESTALE);
}

static void openPath(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_file* file = &((const struct ff_restorer_file*)context->arguments->files)[index];
    const long fd = ff_check(context, FF_STEP_OPEN, index, FF_CALL3(open, file->path, file->open_flags, 0));
    if (file->position != 0) {
        checkFolder(context, index, fd);
        ff_check(context, FF_STEP_SEEK, index, FF_CALL3(lseek, fd, file->position, 0 /* SEEK_SET */));
    }
    ff_place(context, index, fd, 1);
}

/* The descriptions that open(2) makes of what an open descriptor is of: proc(5), /proc/PID/fd. */
long ff_reopen(int fd, uint32_t flags) {
    char path[32] = "/proc/self/fd/";
    uint32_t size = 14, scale = 1;
    while ((uint32_t)fd / scale >= 10) scale *= 10;
    for (; scale != 0; scale /= 10) path[size++] = (char)('0' + (uint32_t)fd / scale % 10);
    path[size] = 0;
    return FF_CALL3(open, path, flags, 0);
}

static int inherits(const struct ff_context* context, const struct ff_restorer_file* file) {
    return file->kind == FF_FILE_STDIO && file->stdio_kind == FF_FILE_REGULAR &&
           context->working->request.inherit_stdio;
}

static void openOne(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_file* file = &((const struct ff_restorer_file*)context->arguments->files)[index];
    struct ff_working* working = context->working;
    if (file->same_as >= 0 && (file->kind != FF_FILE_STDIO || inherits(context, file))) {
        ff_place(context, index, file->same_as, 0);
        return;
    }
    switch (file->kind) {
        case FF_FILE_REGULAR:
        case FF_FILE_DEVICE:
        case FF_FILE_OPATH:
        case FF_FILE_PROC:
            openPath(context, index);
            return;
        case FF_FILE_PIPE:
        case FF_FILE_FIFO:
            ff_open_pipe(context, index);
            return;
        case FF_FILE_STDIO: {
            if (inherits(context, file)) {
                openPath(context, index);
                return;
            }
            const int32_t given = working->standard[file->stdio_fd];
            ff_place(context, index, given >= 0 ? given : working->fds.null_device, 0);
            return;
        }
        case FF_FILE_CONTROL:
            if (working->control >= 0) ff_place(context, index, working->control, 0);
            return;
        default:
            ff_place(context, index, ff_make_object(context, index), 1);
    }
}

void ff_open_files(const struct ff_context* context) {
    const struct ff_restorer_arguments* arguments = context->arguments;
    const struct ff_restorer_file* files = (const struct ff_restorer_file*)arguments->files;
    for (uint32_t i = 0; i < arguments->file_count; ++i) {
        const int by_name = files[i].kind == FF_FILE_REGULAR || files[i].kind == FF_FILE_OPATH;
        if (by_name && !context->working->request.inherit_files) continue;
        openOne(context, i);
    }
    ff_close_pipes(context);
    for (uint32_t i = 0; i < arguments->file_count; ++i) {
        if (files[i].same_as < 0) ff_finish_object(context, i);
    }
    for (uint32_t i = 0; i < arguments->file_count; ++i) {
        if (files[i].passed) FF_CALL1(close, files[i].fd);
    }
    ff_enter_folder(context);
    if (arguments->root != 0) ff_check(context, FF_STEP_ROOT, 0, FF_CALL1(chroot, arguments->root));
}
