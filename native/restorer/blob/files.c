/* SPDX-License-Identifier: Apache-2.0 */
/* The child's descriptors. Everything below fd_base is free when this begins; entries ascend by number, and a new
 * descriptor takes the lowest free number, so that most need no move. */
#include <linux/errno.h>
#include <linux/fcntl.h>

#include "restorer/blob/blob.h"

static void place(const struct ff_context* context, uint32_t index, long fd, int close_source) {
    const struct ff_restorer_file* file = &((const struct ff_restorer_file*)context->arguments->files)[index];
    if (fd == file->fd) return;
    ff_check(context, FF_STEP_DUP, index, FF_CALL3(dup3, fd, file->fd, file->close_on_exec ? O_CLOEXEC : 0));
    if (close_source) FF_CALL1(close, fd);
}

static void openPath(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_file* file = &((const struct ff_restorer_file*)context->arguments->files)[index];
    const long fd = ff_check(context, FF_STEP_OPEN, index, FF_CALL3(open, file->path, file->open_flags, 0));
    if (file->position != 0) {
        ff_check(context, FF_STEP_SEEK, index, FF_CALL3(lseek, fd, file->position, 0 /* SEEK_SET */));
    }
    place(context, index, fd, 1);
}

/* Both ends above fd_base until the end of the child phase, when close_range takes what no entry names. */
static void makePipe(const struct ff_context* context, uint32_t index, int32_t* ends) {
    const struct ff_restorer_file* file = &((const struct ff_restorer_file*)context->arguments->files)[index];
    int32_t made[2];
    ff_check(context, FF_STEP_PIPE, index, FF_CALL2(pipe2, made, 0));
    for (uint32_t i = 0; i < 2; ++i) {
        ends[i] = (int32_t)ff_check(context, FF_STEP_PIPE, index,
                                    FF_CALL3(fcntl, made[i], F_DUPFD, context->working->fds.fd_base));
        FF_CALL1(close, made[i]);
    }
    if (file->pipe_capacity != 0) {
        const long result = FF_CALL3(fcntl, ends[0], F_SETPIPE_SZ, file->pipe_capacity);
        /* Above the sysctl it takes CAP_SYS_RESOURCE; then the contents must fit into what there is. */
        if (result < 0 && result != -EPERM) ff_fail(context, FF_STEP_PIPE, index, result);
    }
}

static void fillPipe(const struct ff_context* context, uint32_t index, const int32_t* ends) {
    const struct ff_restorer_file* file = &((const struct ff_restorer_file*)context->arguments->files)[index];
    if (file->bytes_size == 0) return;
    FF_CALL3(fcntl, ends[1], F_SETFL, O_NONBLOCK);
    const long wrote = FF_CALL3(write, ends[1], file->bytes, file->bytes_size);
    if (wrote != (long)file->bytes_size) ff_fail(context, FF_STEP_PIPE, index, wrote < 0 ? wrote : -EAGAIN);
    FF_CALL3(fcntl, ends[1], F_SETFL, 0);
}

static void openPipe(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_file* file = &((const struct ff_restorer_file*)context->arguments->files)[index];
    int32_t* ends = (int32_t*)context->arguments->pipes + 2 * file->pipe_index;
    if (ends[0] == 0) makePipe(context, index, ends);
    fillPipe(context, index, ends);
    const int32_t end = ends[file->pipe_write_end];
    const uint32_t flags = file->open_flags & (O_NONBLOCK | O_APPEND | O_DIRECT);
    if (flags != 0) ff_check(context, FF_STEP_PIPE, index, FF_CALL3(fcntl, end, F_SETFL, flags));
    place(context, index, end, 0);
}

static void openOne(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_file* file = &((const struct ff_restorer_file*)context->arguments->files)[index];
    struct ff_working* working = context->working;
    if (file->same_as >= 0) {
        place(context, index, file->same_as, 0);
        return;
    }
    switch (file->kind) {
        case FF_FILE_REGULAR:
        case FF_FILE_DEVICE:
            openPath(context, index);
            return;
        case FF_FILE_PIPE:
            openPipe(context, index);
            return;
        case FF_FILE_STDIO: {
            const int32_t given = working->standard[file->stdio_fd];
            place(context, index, given >= 0 ? given : working->fds.null_device, 0);
            return;
        }
        case FF_FILE_CONTROL:
            if (working->control >= 0) place(context, index, working->control, 0);
            return;
        default:
            place(context, index, ff_make_object(context, index), 1);
    }
}

void ff_open_files(const struct ff_context* context) {
    const struct ff_restorer_arguments* arguments = context->arguments;
    const struct ff_restorer_file* files = (const struct ff_restorer_file*)arguments->files;
    for (uint32_t i = 0; i < arguments->file_count; ++i) {
        if (files[i].kind == FF_FILE_REGULAR && !context->working->request.inherit_files) continue;
        openOne(context, i);
    }
    for (uint32_t i = 0; i < arguments->file_count; ++i) {
        if (files[i].same_as < 0) ff_finish_object(context, i);
    }
    ff_enter_folder(context);
    if (arguments->root != 0) ff_check(context, FF_STEP_ROOT, 0, FF_CALL1(chroot, arguments->root));
}
