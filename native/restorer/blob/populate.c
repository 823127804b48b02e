/* SPDX-License-Identifier: Apache-2.0 */
/* Registers the child's memory with its userfaultfd and maps the pages that the plan promises. */
#include <linux/errno.h>
#include <linux/ioctl.h>
#include <linux/mman.h>
#include <linux/userfaultfd.h>

#include "restorer/blob/blob.h"

static void registerAll(const struct ff_context* context) {
    const struct ff_register* registers = (const struct ff_register*)context->arguments->registers;
    for (uint32_t i = 0; i < context->arguments->register_count; ++i) {
        struct uffdio_register call = {.range = {registers[i].start, registers[i].end - registers[i].start},
                                       .mode = registers[i].mode};
        ff_check(context, FF_STEP_REGISTER, i, FF_CALL3(ioctl, context->working->userfault, UFFDIO_REGISTER, &call));
    }
}

static void continueRun(const struct ff_context* context, const struct ff_restorer_run* run) {
    uint64_t at = run->start;
    while (at < run->end) {
        struct uffdio_continue call = {.range = {at, run->end - at}, .mode = UFFDIO_CONTINUE_MODE_DONTWAKE};
        const long result = FF_CALL3(ioctl, context->working->userfault, UFFDIO_CONTINUE, &call);
        if (result == 0) return;
        /* A partial answer says how far it came; mapped < 0 is the error itself. */
        if (call.mapped > 0) {
            at += (uint64_t)call.mapped;
        } else if (result != -EAGAIN) {
            ff_fail(context, FF_STEP_PRESENT, run->plan_index, result);
        }
    }
}

static void copyRun(const struct ff_context* context, const struct ff_restorer_run* run) {
    uint64_t done = 0;
    const uint64_t size = run->end - run->start;
    while (done < size) {
        struct uffdio_copy call = {
            .dst = run->start + done, .src = run->source + done, .len = size - done, .mode = UFFDIO_COPY_MODE_DONTWAKE};
        const long result = FF_CALL3(ioctl, context->working->userfault, UFFDIO_COPY, &call);
        if (result == 0) return;
        if (call.copy > 0) {
            done += (uint64_t)call.copy;
        } else if (result != -EAGAIN) {
            ff_fail(context, FF_STEP_PRESENT, run->plan_index, result);
        }
    }
}

/* Pages that cannot be had, as those beyond a file's end, do not keep a mapping from being locked. */
static void lock(const struct ff_context* context, uint32_t index) {
    const struct ff_map* map = &((const struct ff_map*)context->arguments->maps)[index];
    const uint64_t size = map->end - map->start;
    if ((map->vma_flags & FF_VMA_LOCKONFAULT) == 0 && FF_CALL3(mlock2, map->start, size, 0) == 0) return;
    ff_check(context, FF_STEP_LOCK, index, FF_CALL3(mlock2, map->start, size, MLOCK_ONFAULT));
}

/* None of it survives a clone, or a mapping that is replaced, so every child does it: a DONTFORK range would be missing
 * from it altogether. */
static void adviseChild(const struct ff_context* context) {
    const struct ff_map* maps = (const struct ff_map*)context->arguments->maps;
    for (uint32_t i = 0; i < context->arguments->map_count; ++i) {
        const uint64_t size = maps[i].end - maps[i].start;
        if (maps[i].vma_flags & FF_VMA_DONTFORK) {
            ff_check(context, FF_STEP_DONTFORK, i, FF_CALL3(madvise, maps[i].start, size, MADV_DONTFORK));
        }
        if (maps[i].vma_flags & FF_VMA_LOCKED) lock(context, i);
    }
    if (context->arguments->mm_flags & FF_MM_LOCK_FUTURE) {
        const int on_fault = context->arguments->mm_flags & FF_MM_LOCK_ONFAULT ? MCL_ONFAULT : 0;
        ff_check(context, FF_STEP_LOCK_FUTURE, 0, FF_CALL1(mlockall, MCL_FUTURE | on_fault));
    }
    for (uint32_t i = 0; i < context->arguments->map_count; ++i) {
        if ((maps[i].vma_flags & FF_VMA_SEALED) == 0) continue;
        ff_check(context, FF_STEP_SEAL, i,
                 ff_syscall3(462 /* mseal, Linux 6.10 */, (long)maps[i].start, (long)(maps[i].end - maps[i].start), 0));
    }
}

void ff_populate(const struct ff_context* context) {
    const struct ff_restorer_arguments* arguments = context->arguments;
    const struct ff_restorer_run* runs = (const struct ff_restorer_run*)arguments->runs;
    registerAll(context);
    for (uint32_t i = 0; i < arguments->run_count; ++i) {
        if (runs[i].source != 0) {
            copyRun(context, &runs[i]);
        } else {
            continueRun(context, &runs[i]);
        }
    }
    if (arguments->advise_child) adviseChild(context);
}
