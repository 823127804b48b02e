/* SPDX-License-Identifier: Apache-2.0 */
/* Pipes, with what is queued in them. A FIFO's name leads to the node's, so a child's is a pipe without a name. */
#include <linux/errno.h>
#include <linux/fcntl.h>

#include "restorer/blob/objects/object.h"

/* What fcntl(2) can set (linux fs/fcntl.c, SETFL_MASK), but O_ASYNC: see owners.c. */
#define FF_SETTABLE_FLAGS (O_NONBLOCK | O_APPEND | O_DIRECT | O_NOATIME)

static int32_t* endsOf(const struct ff_context* context, uint32_t pipe) {
    return (int32_t*)context->arguments->pipes + 2 * pipe;
}

static void writeRun(const struct ff_context* context, uint32_t index, int32_t end, const struct ff_pipe_run* run,
                     uint64_t bytes) {
    /* O_DIRECT makes each write a packet (pipe(7)). */
    ff_check(context, FF_STEP_PIPE, index, FF_CALL3(fcntl, end, F_SETFL, O_NONBLOCK | (run->packet ? O_DIRECT : 0)));
    const long wrote = FF_CALL3(write, end, bytes, run->size);
    if (wrote != (long)run->size) ff_fail(context, FF_STEP_PIPE, index, wrote < 0 ? wrote : -EAGAIN);
}

/* A packet would be merged into the page of a stream before it (linux fs/pipe.c, pipe_write), so that page is filled:
 * with bytes that are taken out again. In the parent it was full, too. */
static void writeFirst(const struct ff_context* context, uint32_t index, const int32_t* ends,
                       const struct ff_pipe_run* run, uint64_t bytes) {
    const struct ff_pipe_run padding = {(uint32_t)(-run->size % FF_PAGE_SIZE), 0};
    if (padding.size != 0) writeRun(context, index, ends[1], &padding, context->arguments->region_start);
    writeRun(context, index, ends[1], run, bytes);
    for (uint32_t left = padding.size; left != 0;) {
        char taken[256];
        const uint32_t size = left < sizeof(taken) ? left : sizeof(taken);
        const long got = FF_CALL3(read, ends[0], taken, size);
        if (got <= 0) ff_fail(context, FF_STEP_PIPE, index, got < 0 ? got : -EAGAIN);
        left -= (uint32_t)got;
    }
}

static void fillPipe(const struct ff_context* context, uint32_t index, const int32_t* ends) {
    const struct ff_restorer_file* file = ff_file_at(context, index);
    const struct ff_pipe_run* runs = (const struct ff_pipe_run*)file->bytes;
    const struct ff_pipe_run whole = {file->bytes_size, 0};
    const uint32_t count = file->pipe_run_count;
    uint64_t at = file->bytes + count * sizeof(*runs);
    if (count == 0) writeRun(context, index, ends[1], &whole, at);
    for (uint32_t i = 0; i < count; at += runs[i++].size) {
        if (i == 0 && !runs[0].packet) {
            writeFirst(context, index, ends, runs, at);
        } else {
            writeRun(context, index, ends[1], &runs[i], at);
        }
    }
    FF_CALL3(fcntl, ends[1], F_SETFL, 0);
}

/* Both ends above fd_base, until all entries have theirs. */
static void makePipe(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_file* file = ff_file_at(context, index);
    int32_t* ends = endsOf(context, file->pipe_index);
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
    for (uint32_t i = index; i < context->arguments->file_count; ++i) {
        const struct ff_restorer_file* other = ff_file_at(context, i);
        const int same = other->kind == file->kind && other->pipe_index == file->pipe_index;
        if (same && other->bytes_size != 0) fillPipe(context, i, ends);
    }
}

void ff_open_pipe(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_file* file = ff_file_at(context, index);
    const int32_t* ends = endsOf(context, file->pipe_index);
    if (ends[0] == 0) makePipe(context, index);
    int32_t end = ends[file->pipe_write_end];
    if (file->pipe_reopened) {
        /* Never waits: both ends are open. */
        end = (int32_t)ff_check(context, FF_STEP_PIPE, index, ff_reopen(end, file->open_flags & ~(uint32_t)O_DIRECT));
    }
    const uint32_t flags = file->open_flags & FF_SETTABLE_FLAGS;
    if (flags != 0) ff_check(context, FF_STEP_PIPE, index, FF_CALL3(fcntl, end, F_SETFL, flags));
    ff_place(context, index, end, file->pipe_reopened);
}

/* An end that no entry holds is closed, as in the parent; before owners.c, since it is news to whom the other tells. */
void ff_close_pipes(const struct ff_context* context) {
    for (uint32_t i = 0; i < context->arguments->pipe_count; ++i) {
        const int32_t* ends = endsOf(context, i);
        for (uint32_t end = 0; end < 2 && ends[0] != 0; ++end) FF_CALL1(close, ends[end]);
    }
}
