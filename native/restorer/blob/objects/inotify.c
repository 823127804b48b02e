/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/inotify.h>
#include <linux/ioctl.h>

#include "restorer/blob/objects/object.h"

#define FF_SET_NEXT_WATCH _IOW('I', 0, int32_t) /* INOTIFY_IOC_SETNEXTWD */
#define FF_QUEUED_BYTES 0x541B                  /* FIONREAD */
#define FF_DRAIN_BYTES 2048
#define FF_EVENT_BYTES 16
#define FF_BATCH 1024u
#define FF_MAX_QUEUED_BYTES (1L << 26)

static long queuedBytes(const struct ff_context* context, uint32_t index, long fd) {
    int32_t bytes = 0;
    ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(ioctl, fd, FF_QUEUED_BYTES, &bytes));
    return bytes;
}

/* Takes all but `keep` bytes of the queue. */
static void drain(const struct ff_context* context, uint32_t index, long fd, long keep) {
    char events[FF_DRAIN_BYTES];
    for (long left = queuedBytes(context, index, fd) - keep; left > 0;) {
        const long size = left < FF_DRAIN_BYTES ? left : FF_DRAIN_BYTES;
        left -= ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(read, fd, events, size));
    }
}

/* A watch that goes leaves an event (IN_IGNORED). */
static long addAndRemove(const struct ff_context* context, uint32_t index, long fd) {
    const long number = ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(inotify_add_watch, fd, "/", IN_DELETE_SELF));
    ff_check(context, FF_STEP_OBJECT, index, FF_CALL2(inotify_rm_watch, fd, number));
    return number;
}

/* The kernel makes the event IN_Q_OVERFLOW only when the queue is full; what filled it is taken away again. To ask how
 * much is queued, it walks the queue. */
static void overflow(const struct ff_context* context, uint32_t index, long fd) {
    long before = 0, bytes = 0;
    for (uint32_t events = 0; bytes - before == (long)events * FF_EVENT_BYTES; events = FF_BATCH) {
        if (bytes > FF_MAX_QUEUED_BYTES) ff_fail(context, FF_STEP_OBJECT, index, -E2BIG);
        for (uint32_t i = 0; i < FF_BATCH; ++i) addAndRemove(context, index, fd);
        before = bytes;
        bytes = queuedBytes(context, index, fd);
    }
    drain(context, index, fd, FF_EVENT_BYTES);
}

/* Numbers ascend, also past those that were removed (linux fs/notify/inotify/inotify_user.c). Kernels without
 * CONFIG_CHECKPOINT_RESTORE cannot skip to one; numbers can be used up as long as no watch may tell anything. */
static void skipTo(const struct ff_context* context, uint32_t index, long fd, int32_t number, uint32_t watches) {
    const long result = FF_CALL3(ioctl, fd, FF_SET_NEXT_WATCH, number);
    if (result == 0) return;
    if (result != -ENOTTY || watches != 0) ff_fail(context, FF_STEP_OBJECT, index, result);
    while (number > 1 && addAndRemove(context, index, fd) < number - 1) drain(context, index, fd, 0);
    drain(context, index, fd, 0);
}

long ff_make_inotify(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_file* file = ff_file_at(context, index);
    const struct ff_inotify* inotify = (const struct ff_inotify*)file->bytes;
    const struct ff_inotify_watch* watches = (const struct ff_inotify_watch*)(inotify + 1);
    const long fd =
        ff_check(context, FF_STEP_OBJECT, index, FF_CALL1(inotify_init1, file->open_flags & (O_CLOEXEC | O_NONBLOCK)));
    /* First: no watch may tell anything meanwhile. */
    if (inotify->overflowed) overflow(context, index, fd);
    int32_t next = inotify->overflowed ? 0 : 1;
    for (uint32_t i = 0; i < inotify->watch_count; ++i) {
        if (watches[i].number != next) skipTo(context, index, fd, watches[i].number, i);
        const long number =
            ff_check(context, FF_STEP_OBJECT, index,
                     FF_CALL3(inotify_add_watch, fd, file->bytes + watches[i].path, watches[i].mask | IN_DONT_FOLLOW));
        if (number != watches[i].number) ff_fail(context, FF_STEP_OBJECT, index, -EEXIST);
        next = watches[i].number + 1;
    }
    return fd;
}
