/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/fcntl.h>

#include "restorer/blob/objects/object.h"

static const struct ff_pidfd* pidfdAt(const struct ff_context* context, uint32_t index) {
    return (const struct ff_pidfd*)ff_file_at(context, index)->bytes;
}

static long openPidfd(const struct ff_context* context, uint32_t index, int32_t tid, uint32_t thread) {
    const uint32_t flags =
        (ff_file_at(context, index)->open_flags & O_NONBLOCK) | (thread ? O_EXCL : 0) /* PIDFD_THREAD */;
    return ff_check(context, FF_STEP_OBJECT, index, FF_CALL2(pidfd_open, tid, flags));
}

static int isOfThread(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_file* file = ff_file_at(context, index);
    return file->kind == FF_FILE_PIDFD && file->same_as < 0 && pidfdAt(context, index)->tid != context->arguments->pid;
}

/* There is only the main thread yet: the others' have its pidfd in their place. */
long ff_make_pidfd(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_file* file = ff_file_at(context, index);
    const long fd = openPidfd(context, index, context->arguments->pid, pidfdAt(context, index)->thread);
    /* pidfd_open sets it. */
    if (!file->close_on_exec) ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(fcntl, fd, F_SETFD, 0));
    return fd;
}

void ff_open_thread_pidfds(const struct ff_context* context) {
    const uint32_t count = context->arguments->file_count;
    for (uint32_t i = 0; i < count; ++i) {
        if (!isOfThread(context, i)) continue;
        const long fd = openPidfd(context, i, pidfdAt(context, i)->tid, 1);
        for (uint32_t j = i; j < count; ++j) {
            const struct ff_restorer_file* file = ff_file_at(context, j);
            if (j != i && file->same_as != ff_file_at(context, i)->fd) continue;
            ff_check(context, FF_STEP_DUP, j, FF_CALL3(dup3, fd, file->fd, file->close_on_exec ? O_CLOEXEC : 0));
        }
        FF_CALL1(close, fd);
    }
}
