/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FARFORK_BLOB_H
#define FARFORK_BLOB_H

#include "restorer/arguments.h"
#include "restorer/blob/syscalls.h"

struct ff_context {
    const struct ff_restorer_arguments* arguments;
    struct ff_working* working;
};

/* entry.S */
__attribute__((noreturn)) void ff_sigreturn(uint64_t frame);
/* clone3 of a thread that runs `function(context, index)` on the stack that `clone_arguments` names; returns as clone3
 * does. */
long ff_clone_thread(const void* clone_arguments, uint64_t size, void (*function)(const struct ff_context*, uint32_t),
                     const struct ff_context* context, uint32_t index);
/* Touches AMX tile data, so that the kernel grows this thread's xstate buffer (linux arch/x86/kernel/fpu/xstate.c,
 * XFD). */
void ff_touch_amx_tiles(void);

/* report.c */
void* memcpy(void* to, const void* from, unsigned long size);
void* memset(void* to, int value, unsigned long size);
void ff_report(const struct ff_context* context, uint32_t kind, uint32_t step, uint32_t index, long error,
               int32_t host_pid);
/* Reports the failure and ends the process. */
__attribute__((noreturn)) void ff_fail(const struct ff_context* context, uint32_t step, uint32_t index, long error);
/* ff_fail() when `result` is an error; else returns it. */
static inline long ff_check(const struct ff_context* context, uint32_t step, uint32_t index, long result) {
    if (result < 0) ff_fail(context, step, index, result);
    return result;
}
uint64_t ff_monotonic_ns(void);
/* One packet with one descriptor; waits for room until `deadline_ns`. Returns 0 or -errno. */
long ff_send_fd(int socket, const void* bytes, uint64_t size, int fd, uint64_t deadline_ns);

/* map.c: the map phase. template.c: the loop that clones children. The rest: the child phase, in call order. */
void ff_map_phase(const struct ff_context* context);
/* madvise calls of one map. */
void ff_advise(const struct ff_context* context, uint32_t index);
__attribute__((noreturn)) void ff_template_loop(const struct ff_context* context);
__attribute__((noreturn)) void ff_child(const struct ff_context* context);
void ff_make_shared(const struct ff_context* context);
void ff_open_files(const struct ff_context* context);
/* files.c: moves the descriptor of files[index] to its number. */
void ff_place(const struct ff_context* context, uint32_t index, long fd, int close_source);
/* files.c: another open file description of what `fd` is of, with `flags`; -errno. */
long ff_reopen(int fd, uint32_t flags);
/* pipes.c: one pipe at the time; then, once all are there, what nobody holds of them. */
void ff_open_pipe(const struct ff_context* context, uint32_t index);
void ff_close_pipes(const struct ff_context* context);
/* owners.c: whom descriptors tell of input; by the main thread, once all threads are there. */
void ff_set_owners(const struct ff_context* context);
/* objects/objects.c: the object of files[index], which has a kind of its own; then, once all descriptors have their
 * numbers, what refers to others. */
long ff_make_object(const struct ff_context* context, uint32_t index);
void ff_finish_object(const struct ff_context* context, uint32_t index);
/* objects/pidfd.c: once there are threads. objects/epoll.c: once every other object is complete. */
void ff_open_thread_pidfds(const struct ff_context* context);
void ff_finish_epolls(const struct ff_context* context);
void ff_populate(const struct ff_context* context);
void ff_attach(const struct ff_context* context);
/* signals.c: of one thread, the process's with the main thread's; all timers, once every thread is there. */
void ff_queue_signals(const struct ff_context* context, uint32_t index);
void ff_set_timers(const struct ff_context* context);
__attribute__((noreturn)) void ff_run_threads(const struct ff_context* context);
void ff_set_credentials(const struct ff_context* context, uint32_t thread);
/* Takes back CAP_SYS_ADMIN, which ff_set_credentials left to a thread that puts filters on. */
void ff_drop_admin(const struct ff_context* context, uint32_t thread);

/* attributes.c, in call order */
void ff_register_membarriers(const struct ff_context* context);
void ff_set_names(const struct ff_context* context);
void ff_enter_folder(const struct ff_context* context);
void ff_set_process(const struct ff_context* context);
void ff_set_thread(const struct ff_context* context, uint32_t index);
void ff_enter_sandbox(const struct ff_context* context, uint32_t index);

#endif
