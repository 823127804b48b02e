/* SPDX-License-Identifier: Apache-2.0 */
/* The template: after the map phase, one clone per request. */
#include <asm/prctl.h>
#include <linux/errno.h>
#include <linux/sched.h>

#include "restorer/blob/blob.h"
#include "restorer/blob/socket.h"

/* The next request and its descriptors, which arrive at the lowest free numbers. Ends the template when the spawner is
 * gone. */
static uint32_t receiveRequest(const struct ff_context* context, int32_t* fds) {
    struct ff_working* working = context->working;
    struct ff_fd_control control;
    struct ff_iovec piece = {(uint64_t)&working->request, sizeof(working->request)};
    for (;;) {
        struct ff_msghdr message = {
            .iov = &piece, .iov_count = 1, .control = &control, .control_size = sizeof(control)};
        const long received = FF_CALL3(recvmsg, working->fds.requests, &message, 0);
        if (received == -EINTR) continue;
        if (received <= 0) FF_CALL1(exit_group, 0);
        uint32_t count = 0;
        if (message.control_size >= FF_CONTROL_SIZE(1)) count = (uint32_t)((control.size - FF_CONTROL_SIZE(0)) / 4);
        for (uint32_t i = 0; i < count; ++i) fds[i] = control.fds[i];
        return count;
    }
}

/* Above fd_base, out of the way of the child's own numbers. */
static void keepFds(const struct ff_context* context, const int32_t* fds, uint32_t count) {
    struct ff_working* working = context->working;
    int32_t* const slots[FF_REQUEST_FDS] = {&working->cell,        &working->keep,        &working->standard[0],
                                            &working->standard[1], &working->standard[2], &working->control};
    uint32_t next = 0;
    for (uint32_t i = 0; i < FF_REQUEST_FDS; ++i) {
        *slots[i] = FF_NO_FD;
        if ((working->request.fds & (1u << i)) == 0) continue;
        if (next == count) ff_fail(context, FF_STEP_RECEIVE, i, -EMFILE);
        *slots[i] = (int32_t)ff_check(context, FF_STEP_FDS, i,
                                      FF_CALL3(fcntl, fds[next++], 1030 /* F_DUPFD_CLOEXEC */, working->fds.fd_base));
    }
    ff_check(context, FF_STEP_FDS, FF_REQUEST_FDS, FF_CALL3(close_range, 0, working->fds.fd_base - 1, 0));
}

static long cloneChild(const struct ff_context* context) {
    const uint64_t serial = context->working->request.serial;
    struct ff_slot* slot = &((struct ff_slot*)context->working->slots)[context->working->request.slot % FF_SLOTS];
    slot->pid = 0;
    __atomic_store_n(&slot->serial, serial, __ATOMIC_RELEASE);
    const struct ff_restorer_arguments* arguments = context->arguments;
    const struct ff_restorer_thread* leader = (const struct ff_restorer_thread*)arguments->threads;
    const int32_t tid = arguments->pid;
    struct clone_args clone = {.flags = CLONE_PARENT | CLONE_PARENT_SETTID,
                               .child_tid = leader->clear_child_tid,
                               .parent_tid = (uint64_t)&slot->pid,
                               .set_tid = (uint64_t)&tid,
                               .set_tid_size = 1};
    if (leader->clear_child_tid != 0) clone.flags |= CLONE_CHILD_CLEARTID;
    if (arguments->is_init) clone.flags |= CLONE_NEWPID;
    return FF_CALL2(clone3, &clone, sizeof(clone));
}

static void serve(const struct ff_context* context, const int32_t* fds, uint32_t count) {
    struct ff_working* working = context->working;
    const struct ff_restorer_thread* leader = (const struct ff_restorer_thread*)context->arguments->threads;
    if (count == 0 || (working->request.fds & FF_FD_CELL) == 0) {
        ff_report(context, FF_STATUS_FAILED, FF_STEP_RECEIVE, 0, -EMFILE, 0);
        return;
    }
    /* A pid namespace cannot be made inside one that was only joined (linux kernel/pid_namespace.c, copy_pid_ns): an
     * init gets its own beside the cell's, and dies with the spawner by its parent-death signal. */
    const long joined = context->arguments->is_init ? 0 : FF_CALL2(setns, fds[0], CLONE_NEWPID);
    if (joined < 0) {
        ff_report(context, FF_STATUS_FAILED, FF_STEP_JOIN_PID, 0, joined, 0);
        return;
    }
    const long pid = cloneChild(context);
    if (pid == 0) {
        FF_CALL2(arch_prctl, ARCH_SET_FS, leader->fs_base);
        keepFds(context, fds, count);
        ff_child(context);
    }
    if (pid < 0) ff_report(context, FF_STATUS_FAILED, FF_STEP_CLONE, 0, pid, 0);
}

__attribute__((noreturn)) void ff_template_loop(const struct ff_context* context) {
    struct ff_working* working = context->working;
    /* All but image, status, requests, pager, the two devices and the descriptor: those were given the first numbers
     * from fd_base. */
    for (;;) {
        int32_t fds[FF_REQUEST_FDS];
        const uint32_t count = receiveRequest(context, fds);
        serve(context, fds, count);
        if (count != 0) FF_CALL3(close_range, 0, working->fds.fd_base - 1, 0);
    }
}

/* Called by entry.S, on the template's stack. */
__attribute__((noreturn)) void ff_main(const struct ff_restorer_arguments* arguments) {
    struct ff_context context = {arguments, (struct ff_working*)arguments->working};
    struct ff_working* working = context.working;
    ff_map_phase(&context);
    FF_CALL3(close_range, working->fds.descriptor + 1, ~0u, 0);
    ff_report(&context, FF_STATUS_READY, 0, 0, 0, 0);
    ff_template_loop(&context);
}
