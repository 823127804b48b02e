/* SPDX-License-Identifier: Apache-2.0 */
/* The map phase: the parent's address space, unpopulated, in place of whatever was mapped here. */
#include <asm/prctl.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <linux/prctl.h>

#include "restorer/blob/blob.h"

#define FF_ARCH_REQ_XCOMP_PERM 0x1023
#define FF_XFEATURE_TILE_DATA 18
#define FF_ELF_MAGIC 0x464c457fu

static void moveVdso(const struct ff_context* context, int away) {
    const struct ff_restorer_arguments* arguments = context->arguments;
    uint64_t scratch = arguments->scratch;
    for (uint32_t i = 0; i < arguments->vdso_piece_count; ++i) {
        const struct ff_vdso_piece* piece = &arguments->vdso_pieces[i];
        const uint64_t from = away ? piece->from : scratch;
        const uint64_t to = away ? scratch : piece->to;
        ff_check(context, FF_STEP_VDSO, i,
                 FF_CALL5(mremap, from, piece->size, piece->size, MREMAP_MAYMOVE | MREMAP_FIXED, to));
        scratch += piece->size;
    }
}

static void unmapAll(const struct ff_context* context) {
    const struct ff_restorer_arguments* arguments = context->arguments;
    uint64_t keep_end = arguments->region_end + FF_PAGE_SIZE; /* the slots */
    if (arguments->vdso_mode == FF_VDSO_REMAP) keep_end = arguments->scratch + arguments->scratch_size;
    ff_check(context, FF_STEP_UNMAP, 0, FF_CALL2(munmap, 0, arguments->region_start));
    ff_check(context, FF_STEP_UNMAP, 1, FF_CALL2(munmap, keep_end, arguments->address_space_end - keep_end));
}

/* With everything else unmapped the kernel takes the address as it is (arch/x86/entry/vdso/vma.c, map_vdso); the text
 * follows the vvar pages. */
static void mapVdso(const struct ff_context* context) {
    const struct ff_restorer_arguments* arguments = context->arguments;
    if (arguments->vdso_mode == FF_VDSO_NONE) return;
    if (arguments->vdso_mode == FF_VDSO_REMAP) {
        moveVdso(context, 0);
    } else {
        ff_check(context, FF_STEP_VDSO, 0, FF_CALL2(arch_prctl, ARCH_MAP_VDSO_64, arguments->vvar_start));
    }
    if (*(const volatile uint32_t*)arguments->vdso_start != FF_ELF_MAGIC) ff_fail(context, FF_STEP_VDSO, 1, -ENOENT);
}

static int fdOfMap(const struct ff_context* context, const struct ff_map* map) {
    const struct ff_template_fds* fds = &context->working->fds;
    if (map->kind == FF_MAP_IMAGE) return fds->image;
    if (map->kind == FF_MAP_FILE) return ((const int32_t*)fds->file_fds)[map->file_index];
    return -1;
}

void ff_advise(const struct ff_context* context, uint32_t index) {
    static const struct {
        uint32_t flag;
        int advice;
    } kAdvices[] = {{FF_VMA_WIPEONFORK, MADV_WIPEONFORK}, {FF_VMA_DONTDUMP, MADV_DONTDUMP},
                    {FF_VMA_HUGEPAGE, MADV_HUGEPAGE},     {FF_VMA_NOHUGEPAGE, MADV_NOHUGEPAGE},
                    {FF_VMA_MERGEABLE, MADV_MERGEABLE},   {FF_VMA_RANDOM, MADV_RANDOM},
                    {FF_VMA_SEQUENTIAL, MADV_SEQUENTIAL}, {FF_VMA_GUARD, 102 /* MADV_GUARD_INSTALL, Linux 6.13 */}};
    const struct ff_map* map = &((const struct ff_map*)context->arguments->maps)[index];
    for (uint32_t i = 0; i < sizeof(kAdvices) / sizeof(kAdvices[0]); ++i) {
        if ((map->vma_flags & kAdvices[i].flag) == 0) continue;
        const long result = FF_CALL3(madvise, map->start, map->end - map->start, kAdvices[i].advice);
        /* Huge pages and merging are hints that a kernel may be built without. */
        const int hint = (kAdvices[i].flag & (FF_VMA_HUGEPAGE | FF_VMA_NOHUGEPAGE | FF_VMA_MERGEABLE)) != 0;
        if (result < 0 && !(hint && result == -EINVAL)) ff_fail(context, FF_STEP_ADVISE, index, result);
    }
}

static void mapAll(const struct ff_context* context) {
    const struct ff_map* maps = (const struct ff_map*)context->arguments->maps;
    for (uint32_t i = 0; i < context->arguments->map_count; ++i) {
        const struct ff_map* map = &maps[i];
        const int fd = fdOfMap(context, map);
        ff_check(context, FF_STEP_MAP, i,
                 FF_CALL6(mmap, map->start, map->end - map->start, map->kind == FF_MAP_SHARED ? PROT_NONE : map->prot,
                          map->mmap_flags | MAP_FIXED, fd, fd < 0 ? 0 : map->file_offset));
        if (map->vma_flags != 0 && map->kind != FF_MAP_SHARED) ff_advise(context, i);
    }
}

static void setMemoryLayout(const struct ff_context* context) {
    const struct ff_restorer_arguments* arguments = context->arguments;
    struct prctl_mm_map map;
    for (uint32_t i = 0; i < 11; ++i) (&map.start_code)[i] = arguments->mm[i];
    map.auxv = (__u64*)arguments->auxv;
    map.auxv_size = arguments->auxv_size;
    map.exe_fd = (uint32_t)context->working->fds.exe;
    ff_check(context, FF_STEP_MM_MAP, 0, FF_CALL5(prctl, PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0));
}

static void setSigactions(const struct ff_context* context) {
    const struct ff_sigaction* actions = (const struct ff_sigaction*)context->arguments->sigactions;
    for (uint32_t i = 0; i < context->arguments->sigaction_count; ++i) {
        if (i + 1 == 9 || i + 1 == 19) continue; /* SIGKILL, SIGSTOP */
        ff_check(context, FF_STEP_SIGACTION, i + 1, FF_CALL4(rt_sigaction, i + 1, &actions[i], 0, 8));
    }
}

void ff_map_phase(const struct ff_context* context) {
    const struct ff_restorer_arguments* arguments = context->arguments;
    if (arguments->vdso_mode == FF_VDSO_REMAP) moveVdso(context, 1);
    unmapAll(context);
    mapVdso(context);
    /* Before any file is mapped: the executable cannot be exchanged while the old one is (linux kernel/fork.c,
     * replace_mm_exe_file), and the parent's may be ours. */
    setMemoryLayout(context);
    mapAll(context);
    setSigactions(context);
    if (arguments->mm_flags & FF_MM_THP_DISABLED) FF_CALL5(prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0);
    if (arguments->request_xcomp) {
        ff_check(context, FF_STEP_XCOMP, 0, FF_CALL2(arch_prctl, FF_ARCH_REQ_XCOMP_PERM, FF_XFEATURE_TILE_DATA));
    }
    if (arguments->set_personality) {
        ff_check(context, FF_STEP_PERSONALITY, 0, FF_CALL1(personality, arguments->personality));
    }
    FF_CALL5(prctl, PR_SET_NAME, "farfork-seed", 0, 0, 0);
    FF_CALL1(umask, arguments->umask);
}
