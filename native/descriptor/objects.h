/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * What the descriptor says of a kernel object behind a file descriptor: ff_file.bytes_offset and bytes_size name it in
 * FF_SECTION_BYTES, 8-byte aligned. One struct a kind; plain C as descriptor.h.
 */
#ifndef FARFORK_OBJECTS_H
#define FARFORK_OBJECTS_H

#include "descriptor.h"

struct ff_eventfd { /* FF_FILE_EVENTFD */
    uint64_t count;
    uint32_t semaphore; /* 1: EFD_SEMAPHORE */
    uint32_t reserved;
};

/* How the bytes queued in a pipe are cut: at packets (pipe2(2), O_DIRECT). */
struct ff_pipe_run {
    uint32_t size;   /* bytes */
    uint32_t packet; /* 1: one packet, at most FF_PAGE_SIZE bytes; 0: a stream */
};

struct ff_extent {
    uint64_t offset, size; /* bytes; in the file */
};

struct ff_deleted { /* FF_FILE_DELETED */
    uint64_t size;  /* bytes; of a regular file */
    int64_t accessed_s, accessed_ns, modified_s, modified_ns;
    uint32_t mode; /* st_mode: S_IFREG or S_IFDIR, permissions */
    uint32_t uid, gid;
    uint32_t linkable; /* 1: made by O_TMPFILE, so it can still be given a name */
    int32_t same_file; /* an earlier descriptor of the same file, which holds the contents; or -1 */
    uint32_t extent_count;
    /* struct ff_extent[extent_count], ascending, and then their bytes: what lies between them reads as zeros. */
};

#endif
