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

struct ff_memfd {      /* FF_FILE_MEMFD */
    uint64_t position; /* bytes */
    uint32_t shared;   /* index into FF_SECTION_SHARED */
    uint32_t reserved;
};

#endif
