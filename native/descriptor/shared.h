/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Writable memory that is shared, by mappings or descriptors. Part of descriptor.h, and plain C as it. */
#ifndef FARFORK_DESCRIPTOR_SHARED_H
#define FARFORK_DESCRIPTOR_SHARED_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

enum ff_shared_kind {
    FF_SHARED_ANONYMOUS = 1, /* MAP_SHARED|MAP_ANONYMOUS */
    FF_SHARED_MEMFD = 2,     /* memfd_create; also the stand-in for a file without a name */
    FF_SHARED_NAMED = 3,     /* a file of /dev/shm, of which the child then has its own */
    FF_SHARED_SYSV = 4,      /* System V segment */
    FF_SHARED_PRIVATE = 5,   /* not shared, but as little in the twin: an anonymous MADV_DONTFORK range */
};

struct ff_shared {
    uint32_t kind;                 /* enum ff_shared_kind */
    uint32_t name;                 /* strings: of the memfd; FF_SHARED_NAMED: path */
    uint64_t size;                 /* bytes */
    uint32_t seals;                /* F_SEAL_* */
    uint32_t mode, uid, gid;       /* permission bits and owner */
    int32_t sysv_id, sysv_key;     /* shmid, key */
    uint32_t sysv_cuid, sysv_cgid; /* creator */
    uint32_t sysv_removed;         /* 1: IPC_RMID was called, it lives as long as it is attached */
    uint32_t run_count;            /* its contents; ff_run.start is an offset; all else is zeros */
    uint32_t private_count;        /* then: copied pages of its private mappings; ff_run.start is an address */
    uint32_t run_first;            /* in FF_SECTION_RUNS; objects tile it */
};

struct ff_run {
    uint64_t start;
    uint64_t bytes_offset, bytes_size; /* in FF_SECTION_BYTES */
};

#endif
