/* SPDX-License-Identifier: Apache-2.0 */
/* Pending signals and timers. Every signal is blocked here; what is sent stays pending until the jump. */
#include <linux/errno.h>
#include <linux/prctl.h>
#include <linux/time_types.h>

#include "restorer/blob/blob.h"

#define FF_PR_TIMER_CREATE_RESTORE_IDS 77 /* from Linux 6.15 on */
#define FF_TIMER_TRIES 100000
#define FF_EXPIRY_TRIES 20000
#define FF_SIGEV_NONE 1
#define FF_SIGEV_THREAD_ID 4

struct ff_sigevent { /* struct sigevent, 64 bytes */
    uint64_t value;
    int32_t signal, notify, tid;
    uint32_t padding[11];
};

/* A thread sends itself what is to be its own, and the main thread what is the process's: so it may send any si_code
 * (linux kernel/signal.c, do_rt_tgsigqueueinfo). */
void ff_queue_signals(const struct ff_context* context, uint32_t index) {
    const struct ff_restorer_arguments* arguments = context->arguments;
    const struct ff_restorer_thread* thread = &((const struct ff_restorer_thread*)arguments->threads)[index];
    const struct ff_siginfo* own = (const struct ff_siginfo*)thread->pending;
    for (uint32_t i = 0; i < thread->pending_count; ++i) {
        const int32_t number = *(const int32_t*)&own[i];
        ff_check(context, FF_STEP_SIGNAL, index,
                 FF_CALL4(rt_tgsigqueueinfo, arguments->pid, thread->tid, number, &own[i]));
    }
    if (index != 0) return;
    const struct ff_siginfo* shared = (const struct ff_siginfo*)arguments->pending;
    for (uint32_t i = 0; i < arguments->pending_count; ++i) {
        const int32_t number = *(const int32_t*)&shared[i];
        ff_check(context, FF_STEP_SIGNAL, 0, FF_CALL3(rt_sigqueueinfo, arguments->pid, number, &shared[i]));
    }
}

/* The kernel adds a tick to what is asked for on a CPU clock (linux kernel/time/itimer.c, set_cpu_itimer), and tells it
 * with that. The coarse clock's resolution is the tick. */
static void setIntervals(const struct ff_context* context) {
    struct __kernel_timespec tick = {0, 0};
    FF_CALL2(clock_getres, 6 /* CLOCK_MONOTONIC_COARSE */, &tick);
    for (uint32_t i = 0; i < FF_ITIMER_COUNT; ++i) {
        const struct ff_interval* wanted = &context->arguments->itimers[i];
        if (wanted->left_ns == 0) continue;
        uint64_t left_ns = wanted->left_ns;
        if (i != 0 /* ITIMER_REAL */) left_ns = left_ns > (uint64_t)tick.tv_nsec ? left_ns - (uint64_t)tick.tv_nsec : 1;
        const uint64_t left_us = (left_ns + 999) / 1000, interval_us = wanted->interval_ns / 1000;
        const uint64_t setting[4] = {interval_us / 1000000, interval_us % 1000000, left_us / 1000000,
                                     left_us % 1000000};
        ff_check(context, FF_STEP_TIMER, i, FF_CALL3(setitimer, i, setting, 0));
    }
}

/* Ids ascend from 0 in a new process: on kernels that do not take the id, those before it are made and deleted. */
static void createTimer(const struct ff_context* context, uint32_t index, int exact) {
    const struct ff_posix_timer* timer = &((const struct ff_posix_timer*)context->arguments->timers)[index];
    struct ff_sigevent event = {
        .value = timer->value, .signal = timer->signal, .notify = timer->notify, .tid = timer->tid};
    for (uint32_t i = 0; i < FF_TIMER_TRIES; ++i) {
        int32_t id = timer->id;
        ff_check(context, FF_STEP_TIMER, index, FF_CALL3(timer_create, timer->clock, &event, &id));
        if (id == timer->id) return;
        ff_check(context, FF_STEP_TIMER, index, FF_CALL1(timer_delete, id));
        if (exact || id > timer->id) break;
    }
    ff_fail(context, FF_STEP_TIMER, index, -ENOSPC);
}

/* Until the expiry of a timer that was due at once has made its signal. On a CPU clock that takes a tick: there it may
 * come after the jump. */
static void awaitExpiry(const struct ff_posix_timer* timer) {
    for (uint32_t i = 0; i < FF_EXPIRY_TRIES; ++i) {
        struct __kernel_itimerspec left;
        if (FF_CALL2(timer_gettime, timer->id, &left) < 0) return;
        const uint64_t left_ns = (uint64_t)left.it_value.tv_sec * 1000000000ULL + (uint64_t)left.it_value.tv_nsec;
        /* 1: due, and not yet handled (linux kernel/time/posix-timers.c, common_timer_get) */
        if (left_ns != 1) return;
    }
}

void ff_set_timers(const struct ff_context* context) {
    const struct ff_restorer_arguments* arguments = context->arguments;
    const struct ff_posix_timer* timers = (const struct ff_posix_timer*)arguments->timers;
    setIntervals(context);
    if (arguments->timer_count == 0) return;
    const int exact = FF_CALL5(prctl, FF_PR_TIMER_CREATE_RESTORE_IDS, 1, 0, 0, 0) == 0;
    for (uint32_t i = 0; i < arguments->timer_count; ++i) createTimer(context, i, exact);
    if (exact) FF_CALL5(prctl, FF_PR_TIMER_CREATE_RESTORE_IDS, 0, 0, 0, 0);
    for (uint32_t i = 0; i < arguments->timer_count; ++i) {
        const struct ff_interval* wanted = &timers[i].setting;
        const int due = (timers[i].flags & FF_TIMER_SIGNALLED) != 0;
        const uint64_t left_ns = due ? 1 : wanted->left_ns;
        const struct __kernel_itimerspec setting = {
            {(int64_t)(wanted->interval_ns / 1000000000ULL), (int64_t)(wanted->interval_ns % 1000000000ULL)},
            {(int64_t)(left_ns / 1000000000ULL), (int64_t)(left_ns % 1000000000ULL)}};
        ff_check(context, FF_STEP_TIMER, i, FF_CALL4(timer_settime, timers[i].id, 0, &setting, 0));
        if (due) awaitExpiry(&timers[i]);
    }
}
