/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of the child that are neither memory, nor files, nor credentials. */
#include <linux/errno.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>

#include "descriptor/seccomp.h"
#include "restorer/blob/blob.h"

#define FF_FOLDER_TRIES 10000

void ff_set_names(const struct ff_context* context) {
    const struct ff_restorer_arguments* arguments = context->arguments;
    if (!arguments->set_uts) return;
    /* Never the node's own. */
    if ((context->working->request.namespaces & CLONE_NEWUTS) == 0) ff_fail(context, FF_STEP_UTS, 0, -EINVAL);
    ff_check(context, FF_STEP_UTS, 1, FF_CALL2(sethostname, arguments->hostname, arguments->hostname_size));
    ff_check(context, FF_STEP_UTS, 2, FF_CALL2(setdomainname, arguments->domainname, arguments->domainname_size));
}

/* A folder that was deleted is made, entered and deleted again. */
static void enterDeleted(const struct ff_context* context) {
    const struct ff_restorer_arguments* arguments = context->arguments;
    long made = 0;
    /* A sibling may be doing the same. */
    for (uint32_t i = 0; i < FF_FOLDER_TRIES; ++i) {
        made = FF_CALL2(mkdir, arguments->cwd, 0700);
        if (made != -EEXIST) break;
        FF_CALL0(sched_yield);
    }
    ff_check(context, FF_STEP_CWD, 1, made);
    const long entered = FF_CALL1(chdir, arguments->cwd);
    const long removed = FF_CALL1(rmdir, arguments->cwd);
    ff_check(context, FF_STEP_CWD, 2, entered);
    ff_check(context, FF_STEP_CWD, 3, removed);
    ff_check(context, FF_STEP_CWD, 4, FF_CALL3(chown, ".", arguments->cwd_user, arguments->cwd_group));
    ff_check(context, FF_STEP_CWD, 5, FF_CALL2(chmod, ".", arguments->cwd_mode));
}

void ff_enter_folder(const struct ff_context* context) {
    const struct ff_restorer_arguments* arguments = context->arguments;
    if (arguments->cwd == 0) return;
    if (arguments->cwd_deleted) {
        enterDeleted(context);
    } else {
        ff_check(context, FF_STEP_CWD, 0, FF_CALL1(chdir, arguments->cwd));
    }
}

/* In the template: a clone inherits them, and in a process of one thread they cost nothing (linux
 * kernel/sched/membarrier.c, sync_runqueues_membarrier_state). */
void ff_register_membarriers(const struct ff_context* context) {
    for (uint32_t bit = 0; bit < 32; ++bit) {
        const uint32_t command = 1u << bit;
        if ((context->arguments->membarrier & command) == 0) continue;
        ff_check(context, FF_STEP_MEMBARRIER, bit, FF_CALL3(membarrier, command, 0, 0));
    }
}

/* What is the whole process's, once nothing has to be mapped any more. */
void ff_set_process(const struct ff_context* context) {
    const struct ff_restorer_arguments* arguments = context->arguments;
    if (arguments->child_subreaper) {
        ff_check(context, FF_STEP_SUBREAPER, 0, FF_CALL5(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
    }
    if (arguments->mdwe) {
        ff_check(context, FF_STEP_MDWE, 0, FF_CALL5(prctl, 65 /* PR_SET_MDWE */, arguments->mdwe, 0, 0, 0));
    }
}

static void setSpeculation(const struct ff_context* context, uint32_t index, uint32_t which, uint32_t value) {
    if (value == 0) return;
    const long result = FF_CALL5(prctl, PR_SET_SPECULATION_CTRL, which, value, 0, 0);
    /* A processor that has no such weakness has no such switch. */
    if (result < 0 && result != -ENODEV && result != -ENXIO) ff_fail(context, FF_STEP_SPECULATION, index, result);
}

void ff_set_thread(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_thread* thread = &((const struct ff_restorer_thread*)context->arguments->threads)[index];
    setSpeculation(context, index, PR_SPEC_STORE_BYPASS, thread->speculation_store);
    setSpeculation(context, index, PR_SPEC_INDIRECT_BRANCH, thread->speculation_branch);
    if (thread->no_new_privs) {
        ff_check(context, FF_STEP_NO_NEW_PRIVS, index, FF_CALL5(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    }
}

/* The last calls before the jump; capture has made sure that each filter lets the following ones pass. What each needs
 * of the speculation controls is set already, so the filters are not to touch them. */
void ff_enter_sandbox(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_thread* thread = &((const struct ff_restorer_thread*)context->arguments->threads)[index];
    if (thread->seccomp_mode == SECCOMP_MODE_STRICT) {
        ff_check(context, FF_STEP_SECCOMP, index, FF_CALL5(prctl, PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0));
    }
    for (uint64_t at = 0; at < thread->seccomp_size;) {
        const struct ff_seccomp_filter* filter = (const struct ff_seccomp_filter*)(thread->seccomp + at);
        struct sock_fprog program = {(unsigned short)filter->length, (struct sock_filter*)(filter + 1)};
        const uint32_t flags =
            SECCOMP_FILTER_FLAG_SPEC_ALLOW | ((filter->flags & FF_SECCOMP_LOG) != 0 ? SECCOMP_FILTER_FLAG_LOG : 0);
        ff_check(context, FF_STEP_SECCOMP, index, FF_CALL3(seccomp, SECCOMP_SET_MODE_FILTER, flags, &program));
        at += sizeof(*filter) + filter->length * sizeof(struct sock_filter);
    }
    if (thread->keeps_admin) ff_drop_admin(context, index);
}
