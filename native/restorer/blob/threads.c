/* SPDX-License-Identifier: Apache-2.0 */
/* The child's threads: each sets itself up and waits; the main thread lets all go at once and jumps. */
#include <asm/prctl.h>
#include <linux/errno.h>
#include <linux/futex.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <linux/time_types.h>

#include "restorer/blob/blob.h"

#define FF_DUMPABLE_BY_USER 1

static const struct ff_restorer_thread* threadAt(const struct ff_context* context, uint32_t index) {
    return &((const struct ff_restorer_thread*)context->arguments->threads)[index];
}

static void setScheduling(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_thread* thread = threadAt(context, index);
    if (thread->sched_policy != 0) {
        const int32_t priority = thread->sched_priority;
        ff_check(context, FF_STEP_SCHEDULER, index, FF_CALL3(sched_setscheduler, 0, thread->sched_policy, &priority));
    }
    if (thread->io_priority != 0) {
        ff_check(context, FF_STEP_SCHEDULER, index,
                 FF_CALL3(ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, thread->io_priority));
    }
    if (thread->nice != context->arguments->inherited_nice) {
        ff_check(context, FF_STEP_SCHEDULER, index, FF_CALL3(setpriority, 0 /* PRIO_PROCESS */, 0, thread->nice));
    }
    if (thread->timer_slack_ns != context->arguments->default_timer_slack_ns) {
        FF_CALL5(prctl, PR_SET_TIMERSLACK, thread->timer_slack_ns, 0, 0, 0);
    }
}

/* What a thread must do for itself. The signal stack and mask come with the sigframe (linux
 * arch/x86/kernel/signal_64.c, rt_sigreturn), fs base and clear_child_tid with clone3. */
static void setUpSelf(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_thread* thread = threadAt(context, index);
    if (thread->gs_base != 0) {
        ff_check(context, FF_STEP_GS_BASE, index, FF_CALL2(arch_prctl, ARCH_SET_GS, thread->gs_base));
    }
    if (thread->robust_list_head != 0) {
        ff_check(context, FF_STEP_ROBUST_LIST, index,
                 FF_CALL2(set_robust_list, thread->robust_list_head, thread->robust_list_size));
    }
    if (thread->rseq_size != 0) {
        ff_check(context, FF_STEP_RSEQ, index,
                 FF_CALL4(rseq, thread->rseq_address, thread->rseq_size, 0, thread->rseq_signature));
    }
    if (thread->set_comm) FF_CALL5(prctl, PR_SET_NAME, thread->comm, 0, 0, 0);
    setScheduling(context, index);
    if (thread->expand_amx) ff_touch_amx_tiles();
    ff_queue_signals(context, index);
    ff_set_credentials(context, index);
    ff_set_thread(context, index);
    /* Last: a change of credentials clears it (prctl(2)). */
    const uint32_t death_signal =
        index == 0 && context->arguments->is_init ? 9 /* SIGKILL */ : thread->parent_death_signal;
    if (death_signal != 0) FF_CALL5(prctl, PR_SET_PDEATHSIG, death_signal, 0, 0, 0);
}

static void futexWake(uint32_t* word, uint32_t count) {
    FF_CALL6(futex, word, FUTEX_WAKE_PRIVATE, count, 0, 0, 0);
}

static void setFree(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_thread* thread = threadAt(context, index);
    if (thread->affinity != 0) {
        ff_check(context, FF_STEP_AFFINITY, index,
                 FF_CALL3(sched_setaffinity, 0, context->arguments->affinity_size, thread->affinity));
        return;
    }
    if ((context->working->request.flags & FF_REQUEST_BOUND) == 0) return;
    FF_CALL3(sched_setaffinity, 0, context->arguments->affinity_size, context->arguments->affinity);
}

static void threadMain(const struct ff_context* context, uint32_t index) {
    struct ff_working* working = context->working;
    setUpSelf(context, index);
    const uint32_t ready = __atomic_add_fetch(&working->ready, 1, __ATOMIC_ACQ_REL);
    if (ready == context->arguments->thread_count - 1) futexWake(&working->ready, 1);
    while (__atomic_load_n(&working->go, __ATOMIC_ACQUIRE) == 0) {
        FF_CALL6(futex, &working->go, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
    }
    setFree(context, index);
    ff_enter_sandbox(context, index);
    ff_sigreturn(threadAt(context, index)->frame);
}

static void cloneThreads(const struct ff_context* context) {
    for (uint32_t i = 1; i < context->arguments->thread_count; ++i) {
        const struct ff_restorer_thread* thread = threadAt(context, i);
        struct clone_args clone = {
            .flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS,
            .child_tid = thread->clear_child_tid,
            .stack = thread->stack,
            .stack_size = thread->stack_size,
            .tls = thread->fs_base,
            .set_tid = (uint64_t)&thread->tid,
            .set_tid_size = 1};
        if (thread->clear_child_tid != 0) clone.flags |= CLONE_CHILD_CLEARTID;
        ff_check(context, FF_STEP_THREAD_CLONE, i, ff_clone_thread(&clone, sizeof(clone), threadMain, context, i));
    }
}

static void awaitThreads(const struct ff_context* context) {
    struct ff_working* working = context->working;
    const uint32_t wanted = context->arguments->thread_count - 1;
    /* They are nearly done: giving way is cheaper than being woken. */
    for (uint32_t i = 0; i < 64 && __atomic_load_n(&working->ready, __ATOMIC_ACQUIRE) != wanted; ++i)
        FF_CALL0(sched_yield);
    for (;;) {
        const uint32_t ready = __atomic_load_n(&working->ready, __ATOMIC_ACQUIRE);
        if (ready == wanted) return;
        const uint64_t now_ns = ff_monotonic_ns();
        if (now_ns >= working->request.deadline_ns) ff_fail(context, FF_STEP_THREADS_READY, ready, -ETIMEDOUT);
        const uint64_t left_ns = working->request.deadline_ns - now_ns;
        struct __kernel_timespec left = {(long long)(left_ns / 1000000000ULL), (long long)(left_ns % 1000000000ULL)};
        FF_CALL6(futex, &working->ready, FUTEX_WAIT_PRIVATE, ready, &left, 0, 0);
    }
}

static void setLimits(const struct ff_context* context) {
    const struct ff_restorer_arguments* arguments = context->arguments;
    for (uint32_t i = 0; i < FF_RLIMIT_COUNT; ++i) {
        if ((arguments->rlimit_mask & (1u << i)) == 0) continue;
        ff_check(context, FF_STEP_RLIMIT, i, FF_CALL4(prlimit64, 0, i, &arguments->rlimits[i], 0));
    }
}

__attribute__((noreturn)) void ff_run_threads(const struct ff_context* context) {
    struct ff_working* working = context->working;
    cloneThreads(context);
    ff_open_thread_pidfds(context);
    ff_finish_epolls(context);
    setLimits(context);
    awaitThreads(context);
    ff_set_process(context);
    setUpSelf(context, 0);
    const uint32_t dumpable = context->arguments->dumpable;
    if (context->arguments->credentials.change || dumpable != FF_DUMPABLE_BY_USER) {
        ff_check(context, FF_STEP_DUMPABLE, 0, FF_CALL5(prctl, PR_SET_DUMPABLE, dumpable, 0, 0, 0));
    }
    ff_set_owners(context);
    ff_set_timers(context);
    setFree(context, 0);
    ff_attach(context);
    ff_report(context, FF_STATUS_STARTED, 0, 0, 0, (int32_t)working->host_pid);
    FF_CALL3(close_range, working->fds.fd_base, ~0u, 0);
    __atomic_store_n(&working->go, 1, __ATOMIC_RELEASE);
    if (context->arguments->thread_count > 1) futexWake(&working->go, 0x7fffffff);
    ff_enter_sandbox(context, 0);
    ff_sigreturn(threadAt(context, 0)->frame);
}
