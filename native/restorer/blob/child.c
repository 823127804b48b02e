/* SPDX-License-Identifier: Apache-2.0 */
/* The child phase up to its memory: cell, userfaultfd, session. */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/ioctl.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/userfaultfd.h>

#include "restorer/blob/blob.h"

#define FF_UFFD_FEATURES                                                                                         \
    (UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_REMOVE | UFFD_FEATURE_EVENT_UNMAP | \
     UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_MINOR_SHMEM | UFFD_FEATURE_THREAD_ID)

/* The pid that the node sees: /proc is still the node's own here, and its "self" names us in its pid namespace
 * (linux fs/proc/self.c). */
static void findHostPid(const struct ff_context* context) {
    char digits[16];
    const long size = ff_check(context, FF_STEP_OWN_PID, 0, FF_CALL3(readlink, "/proc/self", digits, sizeof(digits)));
    uint32_t pid = 0;
    for (long i = 0; i < size; ++i) pid = pid * 10 + (uint32_t)(digits[i] - '0');
    context->working->host_pid = pid;
}

static void joinCell(const struct ff_context* context) {
    struct ff_working* working = context->working;
    if (working->request.namespaces != 0) {
        ff_check(context, FF_STEP_JOIN, 0, FF_CALL2(setns, working->cell, working->request.namespaces));
    }
    if (context->arguments->is_init) {
        /* Its own pid namespace needs its own view: the cell's /proc shows the cell's. */
        ff_check(context, FF_STEP_PROC, 0,
                 FF_CALL5(mount, "proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0));
    }
}

static void openUserfault(const struct ff_context* context) {
    struct ff_working* working = context->working;
    long fd = FF_CALL1(userfaultfd, O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && working->fds.userfault_device >= 0) {
        fd = FF_CALL3(ioctl, working->fds.userfault_device, USERFAULTFD_IOC_NEW, O_CLOEXEC | O_NONBLOCK);
    }
    ff_check(context, FF_STEP_UFFD, 0, fd);
    working->userfault = (int32_t)ff_check(context, FF_STEP_UFFD, 1,
                                           FF_CALL3(fcntl, fd, 1030 /* F_DUPFD_CLOEXEC */, working->fds.fd_base));
    FF_CALL1(close, fd);
    struct uffdio_api api = {.api = UFFD_API, .features = FF_UFFD_FEATURES};
    ff_check(context, FF_STEP_UFFD_API, 0, FF_CALL3(ioctl, working->userfault, UFFDIO_API, &api));
}

/* To the cell's init: pages read as zeros once the last holder of a userfaultfd is gone. */
static void keep(const struct ff_context* context) {
    struct ff_working* working = context->working;
    if (working->keep < 0) return;
    ff_check(context, FF_STEP_KEEP, 0,
             ff_send_fd(working->keep, &working->request.serial, sizeof(working->request.serial), working->userfault,
                        working->request.deadline_ns));
}

/* To the pager, whose answer nobody waits for: faults wait until it reads them. As late as possible: until the jump
 * every page that is touched is present, and the pager, woken here, is awake when the first fault comes. */
void ff_attach(const struct ff_context* context) {
    struct ff_working* working = context->working;
    struct ff_request* request = &working->request;
    for (uint32_t i = 0; i < 4; ++i) {
        request->attach[request->attach_pid_offset + i] = (uint8_t)(working->host_pid >> (8 * i));
    }
    ff_check(context, FF_STEP_ATTACH, 0,
             ff_send_fd(working->fds.pager, request->attach, request->attach_size, working->userfault,
                        request->deadline_ns));
}

static void setSession(const struct ff_context* context) {
    const struct ff_restorer_arguments* arguments = context->arguments;
    FF_CALL5(prctl, PR_SET_NAME, ((const struct ff_restorer_thread*)arguments->threads)->comm, 0, 0, 0);
    ff_check(context, FF_STEP_SESSION, 0, FF_CALL0(setsid));
    if (!arguments->set_oom_score) return;
    char text[8];
    uint32_t size = 0;
    uint32_t value = (uint32_t)arguments->oom_score_adj;
    if (arguments->oom_score_adj < 0) {
        text[size++] = '-';
        value = (uint32_t)-arguments->oom_score_adj;
    }
    for (uint32_t scale = 1000; scale != 0; scale /= 10) {
        if (value >= scale || scale == 1) text[size++] = (char)('0' + value / scale % 10);
    }
    const long fd = ff_check(context, FF_STEP_OOM_SCORE, 0, FF_CALL2(open, "/proc/self/oom_score_adj", O_WRONLY));
    const long result = FF_CALL3(write, fd, text, size);
    FF_CALL1(close, fd);
    /* Lowering it takes CAP_SYS_RESOURCE; a child that is killed a little earlier is no wrong data. */
    if (result < 0 && result != -EACCES && result != -EPERM) ff_fail(context, FF_STEP_OOM_SCORE, 1, result);
}

__attribute__((noreturn)) void ff_child(const struct ff_context* context) {
    findHostPid(context);
    joinCell(context);
    ff_set_names(context);
    openUserfault(context);
    keep(context);
    setSession(context);
    ff_make_shared(context);
    ff_open_files(context);
    ff_populate(context);
    ff_run_threads(context);
}
