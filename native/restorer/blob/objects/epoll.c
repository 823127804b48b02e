/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/ioctl.h>

#include "restorer/blob/objects/object.h"

#define FF_EPOLL_FLAGS (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
#define FF_EPOLL_ALL (EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP)
#define FF_SET_BUSY_POLL _IOW(0x8A, 0x01, uint64_t) /* EPIOCSPARAMS */
#define FF_EPOLL_LEVELS 8u
#define FF_WAIT_EVENTS 32
#define FF_EXPIRY_MS 10000

static const struct ff_epoll* epollAt(const struct ff_context* context, uint32_t index) {
    return (const struct ff_epoll*)ff_file_at(context, index)->bytes;
}

static const struct ff_epoll_entry* entriesOf(const struct ff_epoll* epoll) {
    return (const struct ff_epoll_entry*)(epoll + 1);
}

long ff_make_epoll(const struct ff_context* context, uint32_t index) {
    const uint32_t flags = ff_file_at(context, index)->open_flags;
    const long fd = ff_check(context, FF_STEP_OBJECT, index, FF_CALL1(epoll_create1, flags & O_CLOEXEC));
    if (flags & O_NONBLOCK) ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(fcntl, fd, F_SETFL, O_NONBLOCK));
    const uint64_t busy_poll = epollAt(context, index)->busy_poll;
    if (busy_poll != 0) ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(ioctl, fd, FF_SET_BUSY_POLL, &busy_poll));
    return fd;
}

/* The entry's number means another file here, or none: it means the right one while the entry is made. */
static long addAtForeignNumber(const struct ff_context* context, uint32_t index, const struct ff_epoll_entry* entry,
                               const struct epoll_event* event) {
    const int32_t base = context->working->fds.fd_base;
    const long epoll = ff_check(context, FF_STEP_OBJECT, index,
                                FF_CALL3(fcntl, ff_file_at(context, index)->fd, 1030 /* F_DUPFD_CLOEXEC */, base));
    const long close_on_exec = FF_CALL2(fcntl, entry->number, F_GETFD);
    const long kept = FF_CALL3(fcntl, entry->number, 1030 /* F_DUPFD_CLOEXEC */, base);
    if (kept < 0 && kept != -EBADF) ff_fail(context, FF_STEP_OBJECT, index, kept);
    const int32_t target = ff_file_at(context, entry->file)->fd;
    ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(dup3, target, entry->number, 0));
    const long result = FF_CALL4(epoll_ctl, epoll, EPOLL_CTL_ADD, entry->number, event);
    if (kept < 0) {
        FF_CALL1(close, entry->number);
    } else {
        ff_check(context, FF_STEP_OBJECT, index,
                 FF_CALL3(dup3, kept, entry->number, close_on_exec > 0 ? O_CLOEXEC : 0));
        FF_CALL1(close, kept);
    }
    FF_CALL1(close, epoll);
    return result;
}

/* False: there is nothing to watch. A standard stream, or the control socket, is the child's own: it may be missing, or
 * be a file, which epoll does not take, since it never blocks. */
static int add(const struct ff_context* context, uint32_t index, const struct ff_epoll_entry* entry, uint32_t events) {
    const struct ff_restorer_file* target = ff_file_at(context, entry->file);
    if (target->kind == FF_FILE_CONTROL && context->working->control < 0) return 0;
    const struct epoll_event event = {.events = events, .data = entry->data};
    const long result = target->fd == entry->number
                            ? FF_CALL4(epoll_ctl, ff_file_at(context, index)->fd, EPOLL_CTL_ADD, entry->number, &event)
                            : addAtForeignNumber(context, index, entry, &event);
    if (result == -EPERM && target->kind == FF_FILE_STDIO) return 0;
    ff_check(context, FF_STEP_OBJECT, index, result);
    return 1;
}

static long wait(const struct ff_context* context, uint32_t index, long timeout_ms) {
    struct epoll_event events[FF_WAIT_EVENTS];
    return ff_check(context, FF_STEP_OBJECT, index,
                    FF_CALL4(epoll_wait, ff_file_at(context, index)->fd, events, FF_WAIT_EVENTS, timeout_ms));
}

static int32_t otherEndOf(const struct ff_context* context, uint32_t index, const struct ff_restorer_file* end) {
    for (uint32_t i = 0; i < context->arguments->file_count; ++i) {
        const struct ff_restorer_file* file = ff_file_at(context, i);
        if (file->kind == FF_FILE_PIPE && file->pipe_index == end->pipe_index &&
            file->pipe_write_end != end->pipe_write_end)
            return file->fd;
    }
    ff_fail(context, FF_STEP_OBJECT, index, -ENXIO);
}

/* Makes the entry's file ready for the moment, so that the entry fires. */
static void fire(const struct ff_context* context, uint32_t index, const struct ff_epoll_entry* entry) {
    const struct ff_restorer_file* target = ff_file_at(context, entry->file);
    long fired = 0;
    if (target->kind == FF_FILE_TIMERFD) {
        const uint64_t soon[4] = {0, 0, 0, 1};
        ff_check(context, FF_STEP_OBJECT, index, FF_CALL4(timerfd_settime, target->fd, 0, soon, 0));
        fired = wait(context, index, FF_EXPIRY_MS);
        ff_arm_timerfd(context, entry->file, target->fd);
    } else if (target->kind == FF_FILE_PIPE && !target->pipe_write_end) { /* empty */
        char byte = 0;
        const int32_t writer = otherEndOf(context, index, target);
        ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(write, writer, &byte, 1));
        fired = wait(context, index, 0);
        ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(read, target->fd, &byte, 1));
    } else if (target->kind == FF_FILE_PIPE) { /* full */
        const long size = ff_check(context, FF_STEP_OBJECT, index, FF_CALL2(fcntl, target->fd, F_GETPIPE_SZ));
        ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(fcntl, target->fd, F_SETPIPE_SZ, 2 * size));
        fired = wait(context, index, 0);
        ff_check(context, FF_STEP_OBJECT, index, FF_CALL3(fcntl, target->fd, F_SETPIPE_SZ, size));
    } else if (target->kind == FF_FILE_STDIO || target->kind == FF_FILE_CONTROL) {
        /* The child's own, which nobody else can make ready: but for a hang-up it is silent. */
        const struct epoll_event event = {.events = entry->events, .data = entry->data};
        ff_check(context, FF_STEP_OBJECT, index,
                 FF_CALL4(epoll_ctl, ff_file_at(context, index)->fd, EPOLL_CTL_MOD, entry->number, &event));
        fired = 1;
    }
    if (fired == 0) ff_fail(context, FF_STEP_OBJECT, index, -EAGAIN);
}

/* The kernel adds EPOLLERR and EPOLLHUP to whatever is asked for, so that only an entry that has fired is silent (linux
 * fs/eventpoll.c, ep_send_events). Disarmed entries come first: here they alone see how they are made to fire. */
static void disarm(const struct ff_context* context, uint32_t index, const struct ff_epoll_entry* entry) {
    if (!add(context, index, entry, entry->events | FF_EPOLL_ALL)) return;
    if (wait(context, index, 0) == 0) fire(context, index, entry);
}

static void finish(const struct ff_context* context, uint32_t index) {
    const struct ff_epoll* epoll = epollAt(context, index);
    const struct ff_epoll_entry* entries = entriesOf(epoll);
    uint32_t consumed = 0;
    for (uint32_t i = 0; i < epoll->entry_count; ++i)
        if (entries[i].state == FF_EPOLL_CONSUMED)
            consumed += (uint32_t)add(context, index, &entries[i], entries[i].events);
    /* Each is on the ready list from its start, and leaves it once it is told: the list ends. */
    while (consumed != 0 && wait(context, index, 0) != 0) continue;
    for (uint32_t i = 0; i < epoll->entry_count; ++i)
        if (entries[i].state == FF_EPOLL_ARMED) add(context, index, &entries[i], entries[i].events);
}

void ff_finish_epolls(const struct ff_context* context) {
    const uint32_t count = context->arguments->file_count;
    uint32_t epolls = 0;
    for (uint32_t i = 0; i < count; ++i) {
        const struct ff_restorer_file* file = ff_file_at(context, i);
        if (file->kind != FF_FILE_EPOLL || file->same_as >= 0) continue;
        const struct ff_epoll_entry* entries = entriesOf(epollAt(context, i));
        ++epolls;
        for (uint32_t j = 0; j < epollAt(context, i)->entry_count; ++j)
            if (entries[j].state == FF_EPOLL_DISARMED) disarm(context, i, &entries[j]);
    }
    /* An epoll that watches another comes after it: it finds it as it stays. */
    for (uint32_t level = 0; epolls != 0 && level < FF_EPOLL_LEVELS; ++level)
        for (uint32_t i = 0; i < count; ++i) {
            const struct ff_restorer_file* file = ff_file_at(context, i);
            if (file->kind != FF_FILE_EPOLL || file->same_as >= 0 || epollAt(context, i)->level != level) continue;
            finish(context, i);
            --epolls;
        }
    if (epolls != 0) ff_fail(context, FF_STEP_OBJECT, epolls, -ELOOP);
}
