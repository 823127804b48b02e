/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The resume plan: how one node maps one seed. Made once per seed and node by the pager (which alone knows the layout,
 * which local files are identical and which pages are already here), executed by the restorer for every child, and the
 * initial content of the pager's address-space map. Flat like the descriptor; a header, then five arrays, then strings.
 */
#ifndef FARFORK_PLAN_H
#define FARFORK_PLAN_H

#include "descriptor.h"

#define FF_PLAN_MAGIC 0x4e414c504b524641ULL
#define FF_PLAN_VERSION 1u

enum ff_map_kind {
    FF_MAP_IMAGE = 1,     /* MAP_PRIVATE of the image memfd, file offset = address; userfaultfd MISSING|MINOR */
    FF_MAP_FILE = 2,      /* the identical local file, clean; not registered */
    FF_MAP_ANONYMOUS = 3, /* no page present at the parent: the kernel's own zero pages; not registered */
    FF_MAP_COPY = 4,      /* anonymous, userfaultfd MISSING, answered by UFFDIO_COPY or ZEROPAGE (stacks, WIPEONFORK) */
    FF_MAP_SHARED = 5,    /* of an object in FF_SECTION_SHARED: held free by the template, mapped by each child */
};

struct ff_map {
    uint64_t start, end;
    uint64_t file_offset; /* FF_MAP_FILE: bytes; FF_MAP_IMAGE: = start */
    uint32_t kind;        /* enum ff_map_kind */
    uint32_t prot;        /* PROT_* */
    uint32_t mmap_flags;  /* MAP_*, complete except MAP_FIXED */
    uint32_t file_index;  /* FF_MAP_FILE: into files[] */
    uint32_t vma_flags;   /* FF_VMA_*: for the madvise/mlock calls that follow the mmap */
    uint32_t reserved;
};

/* One UFFDIO_REGISTER; covers one or more adjacent maps of one kind. */
struct ff_register {
    uint64_t start, end;
    uint32_t mode; /* UFFDIO_REGISTER_MODE_* */
    uint32_t reserved;
};

/*
 * A run that the restorer maps before the jump. image: pages present in the image memfd: one UFFDIO_CONTINUE.
 * copy: bytes at the same address in the image, put into an FF_MAP_COPY map by UFFDIO_COPY: the restorer maps the image
 * memfd's range read-only beside the blob for that, and unmaps it again.
 * The pager lists a run only once its pages are present (bitmap), and every page that a thread's TCB, rseq area,
 * robust list or clear_child_tid lies in is always listed (DESIGN.md: an exiting task does not raise faults).
 */
struct ff_present_run {
    uint64_t start, end;
    uint32_t kind; /* FF_MAP_IMAGE or FF_MAP_COPY */
    uint32_t reserved;
};

struct ff_plan_file {
    uint32_t path;                /* into the plan's strings */
    uint32_t open_flags;          /* O_RDONLY, or O_RDWR for MAP_SHARED writable: then the size may be another */
    uint64_t device, inode, size; /* of the local file when it was checked; the opener compares again after open */
};

struct ff_plan_header {
    uint64_t magic;
    uint32_t version, header_size;
    uint64_t total_size;
    uint64_t checksum; /* XXH3-64 of all bytes with this field zero */
    char seed_id[FF_SEED_ID_SIZE];
    uint32_t map_count, register_count, present_count, file_count;
    uint64_t maps_offset, registers_offset, presents_offset, files_offset, strings_offset, strings_size;
    uint64_t image_size; /* bytes of the image memfd (2^47) */
};

#endif
